create table "users" ("id" integer primary key not null, "name" varchar(50) not null default 'x',
  -- a comment
  n int default (0)
);
create unique index "u" on "users" (name);
