/* Numbers in rules: int64 with 6 decimals, saturating, never failing (rule-language II.2).
 * Division rounds half away from zero; by zero it gives none. */
#ifndef NT_BASE_NUMBER_H
#define NT_BASE_NUMBER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t nt_number; /* millionths */

#define NT_NUMBER_ONE ((nt_number)1000000)

nt_number nt_number_from_int(int64_t n); /* saturates */
int64_t nt_number_round(nt_number n);    /* floor(x + 1/2) */
nt_number nt_number_add(nt_number a, nt_number b);
nt_number nt_number_subtract(nt_number a, nt_number b);
nt_number nt_number_multiply(nt_number a, nt_number b);
bool nt_number_divide(nt_number a, nt_number b, nt_number *out); /* false: division by zero */
/* "12", "-0.5", "1e3", as JSON writes numbers (no "+", "01", ".5" or blanks); more than 6 decimals round half away from
 * zero; out of range saturates. false if it is no number. */
bool nt_number_parse(const char *text, size_t length, nt_number *out);
void nt_int_print(int64_t n, GString *out); /* in decimal, appended */
void nt_number_print(nt_number n, GString *out); /* shortest: "12", "-0.5" */

#endif
