#include "main/live.h"

#include "base/civil.h"
#include "base/zone.h"
#include "engine/step.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is shown, and how it looks. */
static const struct {
	const char *what, *word, *colour;
} shown[] = {
	{ "campaign.entered", "enters", "\033[36m" },
	{ "campaign.reached_goal", "goal", "\033[1;32m" },
	{ "message.skipped", "skipped", "\033[33m" },
	{ "hand_off", "hand-off", "\033[1;35m" },
	{ "lead.ready", "ready", "\033[1;35m" },
	{ "lead.offered", "offered", "\033[1;35m" },
	{ "lead.accepted", "accepted", "\033[1;32m" },
	{ "lead.sent_back", "sent back", "\033[33m" },
};

#define WHO 26 /* columns */

/* As many characters as fit; an ellipsis for the rest. */
static void put_who(const char *who, GString *out)
{
	glong length = g_utf8_strlen(who, -1);

	if (length > WHO)
		g_string_append_len(out, who, g_utf8_offset_to_pointer(who, WHO - 1) - who);
	else
		g_string_append(out, who);
	if (length > WHO)
		g_string_append(out, "…");
	for (; length < WHO; length++)
		g_string_append_c(out, ' ');
}

static void line(nt_time at, const char *colour, const char *word, const char *who, const char *text)
{
	static int tty = -1;
	GString *out = g_string_new(NULL);
	struct nt_civil c = nt_civil_from_utc(at);

	if (tty < 0)
		tty = isatty(STDOUT_FILENO);
	g_string_append_printf(out, "%04d-%02d-%02d %02d:%02dZ  %s%-9s%s ", c.year, c.month, c.day, c.hour, c.minute,
	                       tty ? colour : "", word, tty ? "\033[0m" : "");
	put_who(who, out);
	g_string_append_printf(out, " %s\n", text != NULL ? text : "");
	fputs(out->str, stdout);
	fflush(stdout);
	g_string_free(out, TRUE);
}

void nt_live_observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	(void)user;
	(void)input;
	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next) {
		if (e->kind == NT_EFFECT_MESSAGE) {
			const struct nt_message *m = e->message;
			char *text;

			if (m->rep != NULL) {
				nt_live_observe_rep(user, m);
				continue;
			}
			text = g_strdup_printf("%s (%s)", m->template_name, m->campaign);
			line(m->released, "\033[1;34m", nt_message_channel(m),
			     m->address[0] != '\0' ? m->address : lead, text);
			g_free(text);
			continue;
		}
		for (unsigned i = 0; i < G_N_ELEMENTS(shown); i++)
			if (e->what != NULL && strcmp(e->what, shown[i].what) == 0) {
				bool both = e->campaign != NULL && e->detail != NULL;
				char *text = g_strdup_printf("%s%s%s", e->campaign != NULL ? e->campaign : "",
				                             both ? ": " : "", e->detail != NULL ? e->detail : "");

				line(e->at, shown[i].colour, shown[i].word, lead, text);
				g_free(text);
			}
	}
}

void nt_live_observe_rep(void *user, const struct nt_message *message)
{
	char *text = g_strdup_printf("%s: %s", message->template_name, message->why != NULL ? message->why : "");

	(void)user;
	line(message->released, "\033[1;35m", "to rep", message->rep, text);
	g_free(text);
}
