"""What a PostgreSQL database holds, read from its own catalogs: {(kind, name): facts}.

An independent judge of generated migrations: it shares no code and no query with skein. Two databases are the same
when their dictionaries are. Left out: oids, owners, statistics, skein's tables and version tables.
"""

OWN = r"(c.relname ~ '^(alembic_version|skein_)')"
USER = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
# What an extension brought with it is the extension's.
FOREIGN = "NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.classid = '%s'::regclass AND d.objid = %s.oid)"
# Debian keeps a number of its own in the options of every column.
ATTOPTIONS = "(SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o !~ '^pg_attver=')"

# A set, in the order in which they were given.
OPTIONS = "(SELECT array_agg(o ORDER BY o) FROM unnest(%s.reloptions) o)"

QUERIES = {
    "schema": f"""SELECT n.nspname, obj_description(n.oid, 'pg_namespace') FROM pg_namespace n
                  WHERE {USER} AND {FOREIGN % ("pg_namespace", "n")}""",
    "extension": """SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
                    WHERE e.extname <> 'plpgsql'""",
    "relation": f"""
        SELECT c.oid::regclass::text, c.relkind, c.relpersistence, {OPTIONS % 'c'}, c.relrowsecurity, c.relforcerowsecurity,
               CASE WHEN c.relkind IN ('r', 'p') THEN c.relreplident END, m.amname, pg_get_expr(c.relpartbound, c.oid),
               pg_get_partkeydef(c.oid), c.reloftype::regtype::text, {OPTIONS % 'toast'},
               (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid),
               CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END,
               CASE WHEN c.relkind = 'm' THEN c.relispopulated END
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am m ON m.oid = c.relam
             LEFT JOIN pg_class toast ON toast.oid = c.reltoastrelid
        WHERE {USER} AND NOT {OWN} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND {FOREIGN % ("pg_class", "c")}""",
    "column": f"""
        SELECT c.oid::regclass::text || '.' || quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.attnotnull,
               pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated,
               CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END,
               CASE WHEN c.relkind IN ('r', 'p', 'm') THEN a.attstorage END, a.attcompression, a.attstattarget, {ATTOPTIONS},
               a.attislocal, a.attinhcount
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE {USER} AND NOT {OWN} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped
              AND {FOREIGN % ("pg_class", "c")}""",
    "constraint": f"""
        SELECT COALESCE(c.oid::regclass::text, t.oid::regtype::text) || '.' || quote_ident(k.conname), k.contype,
               pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred, k.convalidated, k.conislocal, k.coninhcount,
               k.connoinherit, k.conparentid <> 0
        FROM pg_constraint k LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid
             JOIN pg_namespace n ON n.oid = k.connamespace
        WHERE {USER} AND (c.oid IS NULL OR NOT {OWN}) AND k.contype <> 't' AND {FOREIGN % ("pg_constraint", "k")}""",
    "index": f"""
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident,
               i.indisunique, i.indnullsnotdistinct, x.relkind, {OPTIONS % 'x'},
               (SELECT array_agg(a.attstattarget ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = i.indexrelid),
               (SELECT p.inhparent::regclass::text FROM pg_inherits p WHERE p.inhrelid = i.indexrelid)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
             JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {USER} AND NOT {OWN} AND {FOREIGN % ("pg_class", "c")}""",
    "sequence": f"""
        SELECT c.oid::regclass::text, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache,
               s.seqcycle, d.deptype, d.refobjid::regclass::text || '.' || a.attname
        FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                                      AND d.refclassid = 'pg_class'::regclass
             LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE {USER} AND NOT {OWN} AND {FOREIGN % ("pg_class", "c")}""",
    "type": f"""
        SELECT t.oid::regtype::text, t.typtype, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
               CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END,
               (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid),
               r.rngsubtype::regtype::text, r.rngsubdiff::text, r.rngcanonical::text, o.opcname, r.rngmultitypid::regtype::text
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_type b ON b.oid = t.typbasetype
             LEFT JOIN pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_opclass o ON o.oid = r.rngsubopc
             LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE {USER} AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c')) AND {FOREIGN % ("pg_type", "t")}""",
    "function": f"""
        SELECT p.oid::regprocedure::text, p.prokind,
               CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
                    ELSE concat_ws(' ', g.aggtransfn, g.aggfinalfn, g.aggtranstype::regtype, g.agginitval, g.aggcombinefn) END
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid
        WHERE {USER} AND {FOREIGN % ("pg_proc", "p")} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'i'
              AND d.classid = 'pg_proc'::regclass AND d.objid = p.oid)""",
    "trigger": f"""
        SELECT c.oid::regclass::text || '.' || quote_ident(t.tgname), pg_get_triggerdef(t.oid), t.tgenabled, t.tgparentid <> 0
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {USER} AND NOT {OWN} AND NOT t.tgisinternal""",
    "policy": """
        SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) || '.' || quote_ident(policyname), permissive, roles,
               cmd, qual, with_check
        FROM pg_policies""",
    "rule": f"""
        SELECT c.oid::regclass::text || '.' || quote_ident(r.rulename), pg_get_ruledef(r.oid), r.ev_enabled
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {USER} AND r.rulename <> '_RETURN' AND {FOREIGN % ("pg_class", "c")}""",
    "statistics": f"""
        SELECT quote_ident(n.nspname) || '.' || quote_ident(s.stxname), pg_get_statisticsobjdef(s.oid), s.stxstattarget
        FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {USER}""",
    "collation": f"""
        SELECT n.nspname || '.' || k.collname, k.collprovider, k.collisdeterministic, k.collcollate, k.collctype, k.colliculocale
        FROM pg_collation k JOIN pg_namespace n ON n.oid = k.collnamespace WHERE {USER} AND {FOREIGN % ("pg_collation", "k")}""",
    "comment": """
        SELECT i.type || ' ' || i.identity, d.description
        FROM pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
        WHERE COALESCE(i.schema, '') !~ '^(pg_|information_schema)' AND i.type NOT IN ('extension', 'language')
              AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.classid = d.classoid AND e.objid = d.objoid)
              AND i.type NOT IN ('access method', 'cast', 'operator class', 'operator family', 'database', 'role', 'tablespace')
              AND NOT (d.objoid < 16384 AND i.type <> 'schema')""",
}

ORDER = f"""
    SELECT c.oid::regclass::text, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {USER} AND NOT {OWN} AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped GROUP BY c.oid"""


def snapshot(cursor):
    """({(kind, name): facts}, {table: its columns in order})"""
    facts = {}
    for kind, query in QUERIES.items():
        cursor.execute(query)
        for name, *rest in cursor.fetchall():
            facts[kind, name] = tuple(tuple(item) if isinstance(item, list) else item for item in rest)
    cursor.execute(ORDER)
    return facts, {table: list(columns) for table, columns in cursor.fetchall()}
