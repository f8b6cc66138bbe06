#include "rules/synonyms.h"

#include <glib.h>
#include <string.h>

/* Whichever of the names is one of those that could stand there, the first of them. */
static const struct {
	const char *word, *names[3];
} synonyms[] = {
	/* steps */
	{ "delay", { "wait" } }, { "sleep", { "wait" } }, { "pause", { "wait" } }, { "mail", { "email" } },
	{ "send", { "email" } }, { "text", { "sms" } }, { "textmessage", { "sms" } }, { "call", { "voice" } },
	{ "phonecall", { "voice" } }, { "condition", { "if", "when" } }, { "branch", { "if" } }, { "when", { "if" } },
	{ "switch", { "choose" } }, { "case", { "choose" } }, { "abtest", { "split" } }, { "test", { "split" } },
	{ "experiment", { "split" } }, { "variants", { "split" } }, { "variant", { "split" } }, { "end", { "stop" } },
	{ "finish", { "stop" } }, { "quit", { "stop" } }, { "exit", { "stop" } }, { "notify", { "tell" } },
	{ "alert", { "tell" } }, { "jump", { "go_to" } }, { "loop", { "go_to" } }, { "repeat", { "go_to", "every",
		                                                                                 "again" } },
	{ "addtag", { "tag" } }, { "label", { "tag" } }, { "removetag", { "untag" } }, { "update", { "set" } },
	{ "setfield", { "set" } }, { "change", { "set" } }, { "score", { "points" } }, { "addpoints", { "points" } },
	{ "unsubscribe", { "suppress" } }, { "block", { "suppress" } }, { "post", { "webhook" } },
	{ "http", { "webhook" } }, { "todo", { "task" } },
	/* their options */
	{ "timeout", { "up_to" } }, { "maxwait", { "up_to" } }, { "params", { "with" } }, { "data", { "with" } },
	{ "values", { "with", "one_of" } }, { "variables", { "with" } }, { "type", { "kind" } },
	{ "deadline", { "due" } }, { "template", { "message" } }, { "otherwise", { "else" } },
	{ "default", { "otherwise" } }, { "expires", { "give_up_after" } }, { "attachment", { "attach" } },
	{ "attachments", { "attach" } }, { "holdout", { "hold_out" } }, { "control", { "hold_out" } },
	{ "weight", { "share" } }, { "percent", { "share" } },
	/* campaigns and their ways in */
	{ "trigger", { "enter", "on" } }, { "entry", { "enter" } }, { "start", { "enter" } }, { "begin", { "enter" } },
	{ "name", { "title" } }, { "description", { "title", "name" } }, { "reentry", { "again" } },
	{ "reenter", { "again" } }, { "conversion", { "goal" } }, { "stop", { "exit" } },
	{ "event", { "on" } }, { "filter", { "if" } }, { "where", { "if" } }, { "field", { "date" } },
	{ "manual", { "by_hand" } }, { "manually", { "by_hand" } },
	/* fields and types */
	{ "enum", { "one_of", "text" } }, { "options", { "one_of" } }, { "choices", { "one_of" } },
	{ "string", { "text" } }, { "str", { "text" } }, { "url", { "text" } }, { "integer", { "number" } },
	{ "int", { "number" } }, { "float", { "number" } }, { "decimal", { "number" } }, { "boolean", { "yes_no" } },
	{ "bool", { "yes_no" } }, { "datetime", { "time" } }, { "timestamp", { "time" } }, { "array", { "list" } },
	/* scoring */
	{ "decay", { "half_life" } }, { "thresholds", { "levels" } }, { "grades", { "levels" } },
	{ "max", { "at_most" } }, { "value", { "points" } },
	/* policy */
	{ "cap", { "at_most" } }, { "caps", { "at_most" } }, { "limit", { "at_most" } }, { "limits", { "at_most" } },
	{ "frequency", { "at_most" } }, { "windows", { "send", "window" } },
	{ "hours", { "send", "window" } }, { "timezone", { "time_zone" } }, { "tz", { "time_zone" } },
	{ "telephone", { "phone" } }, { "from", { "email" } }, { "optin", { "consent" } }, { "optout", { "consent" } },
	/* sales */
	{ "agents", { "reps" } }, { "members", { "reps" } }, { "people", { "reps" } }, { "sellers", { "reps" } },
	{ "routing", { "route" } }, { "sla", { "accept_within" } }, { "workinghours", { "hours" } },
	{ "officehours", { "hours" } }, { "vacation", { "away" } }, { "absent", { "away" } },
	{ "capacity", { "open_at_most" } }, { "maxopen", { "open_at_most" } }, { "strategy", { "turn" } },
	{ "method", { "turn" } }, { "lead", { "manager" } }, { "leader", { "manager" } },
	/* tests */
	{ "given", { "events" } }, { "input", { "events" } }, { "expected", { "expect" } }, { "assert", { "expect" } },
	{ "then", { "expect", "steps" } }, { "to", { "tell" } }, { "in", { "within" } }, { "do", { "steps" } },
	{ "actions", { "steps" } }, { "flow", { "steps" } },
};

static char *plain(const char *name)
{
	char *word = g_ascii_strdown(name, -1), *to = word;

	for (const char *p = word; *p != '\0'; p++)
		if (*p != '-' && *p != '_' && *p != ' ')
			*to++ = *p;
	*to = '\0';
	return word;
}

const char *nt_synonym(const char *name, const char *const *candidates)
{
	char *word = plain(name);
	const char *found = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(synonyms) && found == NULL; i++)
		for (size_t k = 0; k < 3 && synonyms[i].names[k] != NULL && found == NULL; k++)
			if (strcmp(synonyms[i].word, word) == 0 && g_strv_contains(candidates, synonyms[i].names[k]))
				found = synonyms[i].names[k];
	g_free(word);
	return found;
}
