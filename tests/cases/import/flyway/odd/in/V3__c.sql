CREATE TABLE c (d text DEFAULT '${kept}');
