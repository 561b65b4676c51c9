CREATE TABLE t (a varchar( 10 ), b Double   Precision, c decimal(10,2), d unsigned big int);
