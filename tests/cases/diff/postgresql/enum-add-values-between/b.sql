CREATE TYPE mood AS ENUM ('sad', 'so', 'la', 'ok', 'fine', 'happy');
