#include "engine/reply.h"

#include "base/arena.h"
#include "engine/phone.h"
#include "rules/program.h"
#include "template/message.h"

#include <string.h>

#define INPUT_SOURCE "what comes in" /* no token has a name like that */
#define TEXT_LONGEST 2000u /* bytes that are kept: ten text messages in one */

/* ---- words ---- */

static const char *const stop_first[] = { "stop", "stopp", "stopall", "unsubscribe", "abmelden", NULL };
static const char *const stop_alone[] = { "cancel", "end", "quit", "revoke", "optout", "opt out", "stop all",
	                                  "abbestellen", "austragen", NULL };
static const char *const start_alone[] = { "start", "unstop", "subscribe", "anmelden", NULL };
static const char *const yes_alone[] = { "yes", "ja", NULL };

/* "  S\u200bＴOP!! " is "stop": compatibility forms folded, what can't be seen left out, words with a blank between. */
static GString *plain(const char *text)
{
	char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE), *folded;
	GString *out = g_string_new(NULL);

	folded = g_utf8_casefold(normal != NULL ? normal : "", -1);
	for (const char *p = folded; *p != '\0'; p += g_utf8_skip[(guchar)*p]) {
		gunichar c = g_utf8_get_char(p);

		if (g_unichar_isalnum(c))
			g_string_append_unichar(out, c);
		else if (g_unichar_type(c) != G_UNICODE_FORMAT && out->len > 0 && out->str[out->len - 1] != ' ')
			g_string_append_c(out, ' ');
	}
	if (out->len > 0 && out->str[out->len - 1] == ' ')
		g_string_truncate(out, out->len - 1);
	g_free(folded);
	g_free(normal);
	return out;
}

enum nt_reply nt_reply_read(const char *text)
{
	GString *words = plain(text);
	char *first = g_strndup(words->str, strcspn(words->str, " "));
	enum nt_reply reply = NT_REPLY_WORDS;

	if (g_strv_contains(stop_first, first) || g_strv_contains(stop_alone, words->str))
		reply = strcmp(first, words->str) == 0 || g_strv_contains(stop_alone, words->str) ? NT_REPLY_STOP :
		                                                                              NT_REPLY_STOP_WORDS;
	else if (g_strv_contains(start_alone, words->str))
		reply = NT_REPLY_START;
	else if (g_strv_contains(yes_alone, words->str))
		reply = NT_REPLY_YES;
	g_free(first);
	g_string_free(words, TRUE);
	return reply;
}

/* One line of valid UTF-8 for people and rules, not too long. */
static const char *one_line(struct nt_arena *arena, const char *text)
{
	size_t length = strlen(text);
	char *line;

	if (length > TEXT_LONGEST) {
		length = TEXT_LONGEST;
		while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
			length--;
	}
	line = nt_arena_strndup(arena, text, length);
	for (char *p = line; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7F)
			*p = ' ';
	return line;
}

/* ---- what it means ---- */

static void step_consent(struct nt_batch *turn, const struct nt_request *request, struct nt_turn_lead *tl, int channel,
                         bool given)
{
	struct nt_input *input = nt_arena_new0(turn->arena, struct nt_input);

	*input = (struct nt_input){ .kind = NT_INPUT_CONSENT, .now = turn->now, .clock = turn->now };
	input->cause = nt_arena_strdup(turn->arena, request->cause);
	input->consent.channel = channel;
	input->consent.given = given;
	input->consent.how = given ? "START by text message" : "STOP by text message";
	input->consent.from = nt_arena_printf(turn->arena, "from %s", request->address);
	nt_turn_step(turn, tl, input);
}

/* An answer is one to the last message on that channel. */
static const char *last_template(const struct nt_lead *lead, const char *channel)
{
	const struct nt_template_stat *last = NULL;

	for (const struct nt_template_stat *stat = lead->templates; stat != NULL; stat = stat->next)
		if (stat->received != NT_NO_TIME && (last == NULL || stat->received > last->received) &&
		    nt_template_set_find(lead->program->templates, stat->name, channel, NULL) != NULL)
			last = stat;
	return last != NULL ? last->name : NULL;
}

static void step_words(struct nt_batch *turn, const struct nt_request *request, struct nt_turn_lead *tl,
                       const char *channel)
{
	struct nt_input *input = nt_arena_new0(turn->arena, struct nt_input);

	*input = (struct nt_input){ .kind = NT_INPUT_OUTCOME, .now = turn->now, .clock = turn->now };
	input->cause = nt_arena_strdup(turn->arena, request->cause);
	input->outcome.channel = channel;
	input->outcome.outcome = NT_OUTCOME_REPLIED;
	input->outcome.template_name = last_template(tl->lead, channel);
	input->outcome.detail = one_line(turn->arena, request->text);
	nt_turn_step(turn, tl, input);
}

/* The address itself, whoever has it: also a number that no lead has (yet). */
static void mark_address(struct nt_batch *turn, const struct nt_address *address, bool stop)
{
	enum nt_suppression how = NT_SUPPRESSION_NONE;
	int code = NT_STORE_OK;

	if (!nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, address, 1, &how)))
		return;
	if (stop)
		code = turn->store->ops->suppress(turn->store, address, NT_SUPPRESSION_SOFT, "STOP by text message",
		                                  turn->now);
	else if (how == NT_SUPPRESSION_SOFT)
		code = turn->store->ops->unsuppress(turn->store, address);
	if (nt_turn_ok(turn, code) && nt_turn_ok(turn, turn->store->ops->suppressed(turn->store, address, 1, &how)))
		nt_turn_flag(turn, address->channel, address->address, how);
}

/* Many gateways give numbers without the plus that leads have. */
static unsigned addresses_of(struct nt_batch *turn, const char *given, const char *out[2])
{
	out[0] = nt_address_normalise(turn->arena, NT_FIELD_PHONE, given);
	if (out[0][0] == '\0')
		return 0;
	out[1] = out[0][0] == '+' ? out[0] + 1 : nt_arena_printf(turn->arena, "+%s", out[0]);
	return 2;
}

static void reply_from(struct nt_batch *turn, const struct nt_request *request, const struct nt_address *address,
                       int channel)
{
	enum nt_reply reply = nt_reply_read(request->text);
	bool stop = reply == NT_REPLY_STOP || reply == NT_REPLY_STOP_WORDS;
	bool start = reply == NT_REPLY_START || reply == NT_REPLY_YES;
	const char **ids;
	unsigned n;

	ids = nt_phone_leads(turn, address->address, &n);
	nt_turn_load(turn, ids, n);
	for (unsigned i = 0; i < n && turn->code == NT_STORE_OK; i++) {
		struct nt_turn_lead *tl = nt_turn_lead(turn, ids[i]);

		if (tl->lead == NULL || !tl->lead->exists)
			continue;
		if (stop || start)
			step_consent(turn, request, tl, channel, start);
		if (reply != NT_REPLY_STOP && reply != NT_REPLY_START)
			step_words(turn, request, tl, address->channel);
	}
	if ((stop || start) && turn->code == NT_STORE_OK)
		mark_address(turn, address, stop);
}

void nt_request_reply(struct nt_batch *turn, struct nt_request *request)
{
	const struct nt_program *program = turn->engine->program;
	int channel = nt_program_channel(program, request->channel);
	const char *addresses[2];
	bool fresh = true;
	unsigned n;

	if (channel < 0 || program->channels[channel].address_field != NT_FIELD_PHONE) {
		nt_request_refuse(request, NT_ANSWER_INVALID, "channel", "channel: nobody can answer on '%s'",
		                  request->channel);
		return;
	}
	n = addresses_of(turn, request->address, addresses);
	if (n == 0) {
		nt_request_refuse(request, NT_ANSWER_INVALID, "from", "from: is no telephone number");
		return;
	}
	if (request->id != NULL &&
	    !nt_turn_ok(turn, turn->store->ops->put_input(turn->store, INPUT_SOURCE, request->id, "", &fresh)))
		return;
	if (!fresh) {
		turn->counters.duplicates++;
		request->code = NT_ANSWER_DUPLICATE;
		return;
	}
	for (unsigned i = 0; i < n && turn->code == NT_STORE_OK; i++) {
		struct nt_address address = { program->channels[channel].name, addresses[i] };

		reply_from(turn, request, &address, channel);
	}
}
