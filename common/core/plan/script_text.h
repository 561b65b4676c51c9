/* The texts of a script before they are cut. Private to this folder. */
#pragma once

#include "skein/plan/script.h"

/* Everything but the cuts. A section that is missing gives an empty text. */
struct script script_texts(const struct revision *r, enum direction direction, enum engine engine);
