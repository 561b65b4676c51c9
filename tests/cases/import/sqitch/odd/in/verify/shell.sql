\copy one from x
