/* Pictures by Graphviz, whose program `dot` is asked when one is wanted. */
#ifndef NT_MAIN_DRAWING_H
#define NT_MAIN_DRAWING_H

#include <stdbool.h>

#define NT_DRAWING_FORMATS "dot, svg, png or pdf"
#define NT_DRAWING_ENDS "a picture is a file *.svg, *.png, *.pdf or *.dot, not '%s'"

/* Of a file, by its ending: "svg"; NULL: that is no picture. */
const char *nt_drawing_format(const char *path);
bool nt_drawing_knows(const char *format);
/* Draws the text in dot's language as `format` into a file; path NULL: to standard output. "dot" is the text itself.
 * False: *why says what is wrong (g_free() it). */
bool nt_drawing_write(const char *dot, const char *format, const char *path, char **why);

#endif
