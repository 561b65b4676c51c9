SELECT $$
\i not this
$$, :'variable';
