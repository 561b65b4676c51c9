-- Who needs what. That a sequence goes with its column is no need: the column's default needs the sequence.
SELECT DISTINCT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid
FROM pg_catalog.pg_depend d
LEFT JOIN pg_catalog.pg_class s ON s.oid = d.objid AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
WHERE d.objid >= 16384 AND d.refobjid >= 16384 AND d.deptype <> 'e'
  AND NOT (s.relkind IS NOT DISTINCT FROM 'S' AND d.refobjsubid > 0 AND d.deptype = 'a')
ORDER BY 1, 2, 3, 4, 5, 6
