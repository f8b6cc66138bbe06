#include "base/diag_code.h"

#include <string.h>

static const struct {
	const char *name, *meaning;
} codes[NT_DIAG_CODES] = {
	[NT_CODE_YAML_SYNTAX] = { "yaml-syntax",
	                          "the file can't be read as YAML: indentation, quotes, tabs, not UTF-8" },
	[NT_CODE_UNKNOWN_NAME] = { "unknown-name", "there is no such key, step, template, field, event, team …" },
	[NT_CODE_MISSING_KEY] = { "missing-key", "something that has to be said isn't" },
	[NT_CODE_WRONG_VALUE] = { "wrong-value", "a value isn't what its key takes, or out of its range" },
	[NT_CODE_DOES_NOT_FIT] = { "does-not-fit",
	                           "keys or steps that don't go together, or have no meaning here" },
	[NT_CODE_DECLARED_TWICE] = { "declared-twice", "a name, or what a rule set has once, stands there twice" },
	[NT_CODE_EXPRESSION_SYNTAX] = { "expression-syntax", "a condition or expression that can't be read" },
	[NT_CODE_EXPRESSION_TYPE] = { "expression-type",
	                              "an expression joins or compares what is of different kinds" },
	[NT_CODE_WRONG_TEMPLATE] = { "wrong-template", "a template's front matter, tags or file name" },
	[NT_CODE_WRONG_FILE] = { "wrong-file", "a file that the rules name, to attach it or for holidays" },
	[NT_CODE_NO_ADDRESS] = { "no-address", "marketing mail without a postal address: the law demands one" },
	[NT_CODE_NO_UNSUBSCRIBE] = { "no-unsubscribe", "marketing mail without a way to unsubscribe" },
	[NT_CODE_WRONG_TEST] = { "wrong-test", "a test that can't be run as it is written" },

	[NT_CODE_ACCEPTS_NOTHING] = { "accepts-nothing",
	                              "a comment that accepts what isn't found there, or can't be accepted" },
	[NT_CODE_ARM_WITHOUT_MESSAGE] = { "arm-without-message", "an arm of a split by best_by that sends nothing" },
	[NT_CODE_BEGINS_ITSELF] = { "begins-itself", "a campaign that its own messages begin anew, without end" },
	[NT_CODE_CONSTANT_CONDITION] = { "constant-condition",
	                                 "a condition, or part of it, that always or never holds" },
	[NT_CODE_ENTERS_ONCE] = { "enters-once", "several broadcasts of which a lead gets only the first" },
	[NT_CODE_HARD_SELL] = { "hard-sell", "a phrase that people and spam filters take for hard sell" },
	[NT_CODE_IDLE_REP] = { "idle-rep", "a rep to whom no lead comes" },
	[NT_CODE_IDLE_TEAM] = { "idle-team", "a team that nothing comes to" },
	[NT_CODE_LEAVES_AT_ONCE] = { "leaves-at-once", "a goal or exit by which whoever enters leaves at once" },
	[NT_CODE_LEVEL_OUT_OF_REACH] = { "level-out-of-reach", "a level that all points together don't come to" },
	[NT_CODE_NEVER_CHOSEN] = { "never-chosen", "an item of choose or route that those above leave nothing to" },
	[NT_CODE_NEVER_HAPPENS] = { "never-happens", "an event, a message or a click that nothing brings about" },
	[NT_CODE_NO_DEFAULT] = { "no-default", "a text asks for a field that a lead may lack" },
	[NT_CODE_NO_EFFECT] = { "no-effect", "a key, or a word in a template, that changes nothing here" },
	[NT_CODE_NO_MANAGER] = { "no-manager", "a team without the manager to whom its leads would go" },
	[NT_CODE_NO_PHONE] = { "no-phone", "mail, a letter or a fax without a number to call" },
	[NT_CODE_NO_ROUTE] = { "no-route", "leads that no route takes" },
	[NT_CODE_NO_SENDER] = { "no-sender", "mail that nobody is named as the sender of" },
	[NT_CODE_NO_SUCH_NAME] = { "no-such-name",
	                           "a condition asks for a stage, campaign or template that there isn't" },
	[NT_CODE_NOBODY_TOLD] = { "nobody-told", "leads are offered to reps who aren't told" },
	[NT_CODE_OVER_CAP] = { "over-cap", "a message that the campaign's own earlier ones delay or crowd out" },
	[NT_CODE_SHOUTING] = { "shouting", "capitals, rows of exclamation or money signs" },
	[NT_CODE_UNKNOWN_VARIABLE] = { "unknown-variable", "a text asks for a value that nothing gives" },
	[NT_CODE_UNREACHABLE_STEP] = { "unreachable-step", "steps that no run comes to" },
	[NT_CODE_UNUSED_SEGMENT] = { "unused-segment", "a segment that no rule asks for" },
	[NT_CODE_UNUSED_TEMPLATE] = { "unused-template", "a template that no rule sends" },
	[NT_CODE_WAIT_IN_VAIN] = { "wait-in-vain", "a wait for what the goal or an exit takes first" },
	[NT_CODE_WINDOW_NEVER_OPENS] = { "window-never-opens", "a step's window that never meets policy's send" },
};

const char *nt_diag_code_name(enum nt_diag_code code)
{
	return codes[code].name;
}

bool nt_diag_code_is_warning(enum nt_diag_code code)
{
	return code >= NT_FIRST_WARNING;
}

enum nt_diag_code nt_diag_code_find(const char *name)
{
	for (unsigned i = NT_CODE_NONE + 1; i < NT_DIAG_CODES; i++)
		if (strcmp(codes[i].name, name) == 0)
			return i;
	return NT_CODE_NONE;
}

void nt_diag_codes_print(GString *out)
{
	for (unsigned i = NT_CODE_NONE + 1; i < NT_DIAG_CODES; i++) {
		if (i == NT_CODE_NONE + 1 || i == NT_FIRST_WARNING)
			g_string_append_printf(out, "%s\n", i == NT_FIRST_WARNING ? "\nwarnings" : "errors");
		g_string_append_printf(out, "  %-20s %s\n", codes[i].name, codes[i].meaning);
	}
}

/* Hyphens are part of the names. */
void nt_diag_codes_print_man(GString *out, bool warnings)
{
	for (unsigned i = warnings ? NT_FIRST_WARNING : NT_CODE_NONE + 1;
	     i < (warnings ? NT_DIAG_CODES : NT_FIRST_WARNING); i++) {
		char **parts = g_strsplit(codes[i].name, "-", -1), *name = g_strjoinv("\\-", parts);

		g_string_append_printf(out, ".TP\n.B %s\n%s\n", name, codes[i].meaning);
		g_free(name);
		g_strfreev(parts);
	}
}
