-- What stands for another object where pg_depend names it.
-- The default of a column.
SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass::pg_catalog.oid, oid, 0,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, adrelid, adnum::integer
FROM pg_catalog.pg_attrdef
UNION ALL -- the query of a view
SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid, oid, 0,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, ev_class, 0
FROM pg_catalog.pg_rewrite WHERE rulename = '_RETURN' AND oid >= 16384
UNION ALL -- the row type of a relation
SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, oid, 0,
       'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, typrelid, 0
FROM pg_catalog.pg_type WHERE typrelid <> 0 AND oid >= 16384
UNION ALL -- an array's element
SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, oid, 0,
       'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, typelem, 0
FROM pg_catalog.pg_type WHERE typelem <> 0 AND typcategory = 'A' AND oid >= 16384
UNION ALL -- the index of a constraint
SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, conindid, 0,
       'pg_catalog.pg_constraint'::pg_catalog.regclass::pg_catalog.oid, oid, 0
FROM pg_catalog.pg_constraint WHERE conindid <> 0 AND contype IN ('p', 'u', 'x')
UNION ALL -- the relation behind a composite type
SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, c.oid, 0,
       'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, c.reltype, 0
FROM pg_catalog.pg_class c WHERE c.relkind = 'c' AND c.oid >= 16384
UNION ALL -- the range of a multirange
SELECT 'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, rngmultitypid, 0,
       'pg_catalog.pg_type'::pg_catalog.regclass::pg_catalog.oid, rngtypid, 0
FROM pg_catalog.pg_range WHERE rngtypid >= 16384
UNION ALL -- the type that a function was made with: a range's constructors
SELECT classid, objid, 0, refclassid, refobjid, 0
FROM pg_catalog.pg_depend
WHERE deptype = 'i' AND objid >= 16384 AND classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  AND refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
UNION ALL -- the extension that brought something
SELECT classid, objid, 0, refclassid, refobjid, 0
FROM pg_catalog.pg_depend
WHERE deptype = 'e' AND objid >= 16384
