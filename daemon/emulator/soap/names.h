/*
 * The names in a message, without its values: what an administrator can hand on of a recorded
 * answer of the real service. Elements that look alike are one line.
 */
#pragma once

#include "base/buf.h"

struct element;

/*
 * Appends a line for each kind of element: its name, the namespace where it begins to be another
 * one, the names of its attributes, types (i:type), and "text" where there is one. The keys of a
 * bag are names, too; the id of an application in them is not told.
 */
void names_write(const struct element *root, struct buf *b);
