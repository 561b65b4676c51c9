-- Functions, procedures and aggregates. A name is the key: it holds the input types as DROP FUNCTION takes them.
-- What is PostgreSQL's default is left out, but for cost and rows, whose default depends on the language.
SELECT 'function', 'pg_catalog.pg_proc'::pg_catalog.regclass::oid, p.oid, 0,
       NULLIF(n.nspname, pg_catalog.current_schema()), NULL,
       pg_catalog.format('%s(%s)', p.proname, pg_catalog.oidvectortypes(p.proargtypes)), 0,
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' ELSE 'function' END,
       p.proname, pg_catalog.oidvectortypes(p.proargtypes),
       pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid),
       (SELECT pg_catalog.string_agg(pg_catalog.concat(
                   COALESCE(p.proargmodes[i], 'i'), p.proargnames[i]), E'\x1f' ORDER BY i)
        FROM pg_catalog.generate_series(1, pg_catalog.cardinality(
                 COALESCE(p.proallargtypes, p.proargtypes::oid[]))) i),
       p.pronargdefaults, pg_catalog.quote_ident(l.lanname),
       CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' END,
       CASE WHEN p.proisstrict THEN 'STRICT' END,
       CASE WHEN p.prosecdef THEN 'SECURITY DEFINER' END,
       CASE WHEN p.proleakproof THEN 'LEAKPROOF' END,
       CASE p.proparallel WHEN 's' THEN 'PARALLEL SAFE' WHEN 'r' THEN 'PARALLEL RESTRICTED' END,
       CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal') THEN 1 ELSE 100 END THEN p.procost END,
       CASE WHEN p.proretset AND p.prorows <> 1000 THEN p.prorows END,
       pg_catalog.array_to_string(p.proconfig, E'\x1f'),
       CASE WHEN p.prosupport <> 0 THEN p.prosupport::pg_catalog.regproc::text END,
       (SELECT pg_catalog.string_agg('FOR TYPE ' || pg_catalog.format_type(y, NULL), ', ')
        FROM pg_catalog.unnest(p.protrftypes) y),
       p.probin, p.prosrc, pg_catalog.pg_get_function_sqlbody(p.oid),
       g.options, pg_catalog.obj_description(p.oid, 'pg_proc')
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
LEFT JOIN LATERAL (
    SELECT pg_catalog.concat_ws(E',\n    ',
               'SFUNC = ' || a.aggtransfn::pg_catalog.regproc,
               'STYPE = ' || pg_catalog.format_type(a.aggtranstype, NULL),
               'SSPACE = ' || NULLIF(a.aggtransspace, 0),
               'FINALFUNC = ' || NULLIF(a.aggfinalfn, 0::pg_catalog.regproc),
               CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
               'FINALFUNC_MODIFY = ' || CASE WHEN a.aggfinalfn <> 0 AND a.aggfinalmodify <>
                       CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END THEN
                   CASE a.aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
               'COMBINEFUNC = ' || NULLIF(a.aggcombinefn, 0::pg_catalog.regproc),
               'SERIALFUNC = ' || NULLIF(a.aggserialfn, 0::pg_catalog.regproc),
               'DESERIALFUNC = ' || NULLIF(a.aggdeserialfn, 0::pg_catalog.regproc),
               'INITCOND = ' || pg_catalog.quote_literal(a.agginitval),
               'MSFUNC = ' || NULLIF(a.aggmtransfn, 0::pg_catalog.regproc),
               'MINVFUNC = ' || NULLIF(a.aggminvtransfn, 0::pg_catalog.regproc),
               'MSTYPE = ' || CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END,
               'MSSPACE = ' || NULLIF(a.aggmtransspace, 0),
               'MFINALFUNC = ' || NULLIF(a.aggmfinalfn, 0::pg_catalog.regproc),
               CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
               'MFINALFUNC_MODIFY = ' || CASE WHEN a.aggmfinalfn <> 0 AND a.aggmfinalmodify <>
                       CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END THEN
                   CASE a.aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE' ELSE 'READ_WRITE' END END,
               'MINITCOND = ' || pg_catalog.quote_literal(a.aggminitval),
               'SORTOP = ' || (SELECT pg_catalog.format('OPERATOR(%I.%s)', sn.nspname, so.oprname)
                               FROM pg_catalog.pg_operator so
                               JOIN pg_catalog.pg_namespace sn ON sn.oid = so.oprnamespace
                               WHERE so.oid = a.aggsortop),
               'PARALLEL = ' || CASE p.proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED' END,
               CASE WHEN a.aggkind = 'h' THEN 'HYPOTHETICAL' END)
    FROM pg_catalog.pg_aggregate a WHERE a.aggfnoid = p.oid) g(options) ON true
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
ORDER BY n.nspname, p.proname, 7
