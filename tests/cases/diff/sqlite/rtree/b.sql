CREATE TABLE t (a INT);
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1);
