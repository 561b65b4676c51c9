CREATE TABLE ${unknown}.b (b int);
