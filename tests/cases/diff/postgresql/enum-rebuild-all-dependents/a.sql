CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'odd');
CREATE DOMAIN good_mood AS mood CHECK (VALUE <> 'sad');
CREATE TYPE pair AS (a mood, b integer);
CREATE FUNCTION is_ok(m mood) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT m = 'ok'::mood $$;
CREATE TABLE p (
    id integer PRIMARY KEY,
    m mood NOT NULL DEFAULT 'ok',
    ms mood[] DEFAULT ARRAY['ok']::mood[],
    g good_mood DEFAULT 'happy',
    flag boolean GENERATED ALWAYS AS (m = 'ok'::mood) STORED,
    CONSTRAINT p_m CHECK (m <> 'sad' OR id > 10)
);
COMMENT ON TYPE mood IS 'How one feels';
COMMENT ON COLUMN p.m IS 'Mood';
CREATE INDEX p_ok ON p (id) WHERE m = 'ok';
CREATE UNIQUE INDEX p_u ON p (id, m);
CREATE INDEX p_f ON p (is_ok(m));
CREATE VIEW v AS SELECT id, m, ms FROM p WHERE m = 'ok';
COMMENT ON VIEW v IS 'The ok ones';
CREATE VIEW vv AS SELECT id, m FROM v;
CREATE MATERIALIZED VIEW mv AS SELECT m, count(*) AS n FROM p GROUP BY m;
CREATE UNIQUE INDEX mv_m ON mv (m);
