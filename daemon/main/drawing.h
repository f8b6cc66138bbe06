/* Pictures by Graphviz, whose program `dot` is asked when one is wanted. */
#ifndef NT_MAIN_DRAWING_H
#define NT_MAIN_DRAWING_H

#include <stdbool.h>

/* Draws the text in dot's language as `format` ("svg", "png") into a file; path NULL: to standard output. False: *why
 * says what is wrong (g_free() it). */
bool nt_drawing_write(const char *dot, const char *format, const char *path, char **why);

#endif
