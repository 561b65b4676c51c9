CREATE TABLE ${schema}.a (b int);
