/* What findings of a check are called: short names that stay the same whatever the words say, for searching, for
 * scripts, and for `# accept: NAME` in rules (rules/accept.h). One table, from which help and manual are made, too. */
#ifndef NT_BASE_DIAG_CODE_H
#define NT_BASE_DIAG_CODE_H

#include <glib.h>
#include <stdbool.h>

enum nt_diag_code {
	NT_CODE_NONE, /* has no name, and none is printed */
	/* errors */
	NT_CODE_YAML_SYNTAX, NT_CODE_UNKNOWN_NAME, NT_CODE_MISSING_KEY, NT_CODE_WRONG_VALUE, NT_CODE_DOES_NOT_FIT,
	NT_CODE_DECLARED_TWICE, NT_CODE_EXPRESSION_SYNTAX, NT_CODE_EXPRESSION_TYPE, NT_CODE_WRONG_TEMPLATE,
	NT_CODE_WRONG_FILE, NT_CODE_NO_ADDRESS, NT_CODE_NO_UNSUBSCRIBE, NT_CODE_WRONG_TEST,
	/* warnings */
	NT_CODE_ACCEPTS_NOTHING, NT_CODE_ARM_WITHOUT_MESSAGE, NT_CODE_BEGINS_ITSELF, NT_CODE_CONSTANT_CONDITION,
	NT_CODE_ENTERS_ONCE, NT_CODE_HARD_SELL, NT_CODE_IDLE_REP, NT_CODE_IDLE_TEAM, NT_CODE_LEAVES_AT_ONCE,
	NT_CODE_LEVEL_OUT_OF_REACH, NT_CODE_NEVER_CHOSEN, NT_CODE_NEVER_HAPPENS, NT_CODE_NO_DEFAULT, NT_CODE_NO_EFFECT,
	NT_CODE_NO_MANAGER, NT_CODE_NO_PHONE, NT_CODE_NO_ROUTE, NT_CODE_NO_SENDER, NT_CODE_NO_SUCH_NAME,
	NT_CODE_NOBODY_TOLD, NT_CODE_OVER_CAP, NT_CODE_SHOUTING, NT_CODE_UNKNOWN_VARIABLE, NT_CODE_UNREACHABLE_STEP,
	NT_CODE_UNUSED_SEGMENT, NT_CODE_UNUSED_TEMPLATE, NT_CODE_WAIT_IN_VAIN, NT_CODE_WINDOW_NEVER_OPENS,
	NT_DIAG_CODES
};
#define NT_FIRST_WARNING NT_CODE_ACCEPTS_NOTHING

const char *nt_diag_code_name(enum nt_diag_code code); /* "unreachable-step"; NONE: NULL */
bool nt_diag_code_is_warning(enum nt_diag_code code);
/* By its name; NONE: there is none. */
enum nt_diag_code nt_diag_code_find(const char *name);
/* All, with what each means; as text, or as items of a manual page: the warnings, or the errors. */
void nt_diag_codes_print(GString *out);
void nt_diag_codes_print_man(GString *out, bool warnings);

#endif
