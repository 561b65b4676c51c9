INSERT INTO other.t (a) VALUES ('x');
