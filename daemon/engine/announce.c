#include "engine/announce.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/json.h"
#include "engine/broadcast.h"
#include "engine/rep.h"
#include "engine/step.h"
#include "rules/program.h"
#include "template/message.h"

#include <string.h>

#define ANNOUNCED_VERSION 1
#define REMEMBERED (2 * NT_DAY) /* a round that began, until it has ended everywhere */

struct nt_announcements {
	const struct nt_program *program;
	GHashTable *told; /* message id -> nt_time: when its round begins */
	nt_time due;      /* NT_TIME_MIN: not known yet */
};

struct telling { /* a step's surroundings */
	struct nt_announcements *announcements;
	const struct nt_announcement *announcement;
	const struct nt_round *round;
	nt_time now;
	struct nt_arena *arena;
	GPtrArray *messages;
};

/* ---- what they are told ---- */

static void put_message(void *user, const char *channel, const char *template_name, const char *subject)
{
	struct nt_json_writer *w = user;

	nt_json_object(w, NULL);
	nt_json_put_text(w, "channel", channel);
	nt_json_put_text(w, "template", template_name);
	if (subject != NULL)
		nt_json_put_text(w, "subject", subject);
	nt_json_end_object(w);
}

static const char *values_of(const struct telling *t, const struct nt_rep *rep)
{
	const struct nt_program *program = t->announcements->program;
	const struct nt_campaign *campaign = &program->campaigns[t->round->campaign];
	GString *out = g_string_new(NULL), *when = g_string_new(NULL);
	struct nt_json_writer w;
	const char *values;

	nt_broadcast_when(t->round, nt_rep_zone(program, rep), when);
	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_text(&w, "occasion", "announcement");
	nt_rep_put(&w, rep);
	nt_json_put_text(&w, "campaign", campaign->title);
	nt_json_object(&w, "announcement");
	nt_json_put_text(&w, "campaign", campaign->name);
	nt_json_put_text(&w, "title", campaign->title);
	nt_json_put_text(&w, "when", when->str);
	nt_json_put_text(&w, "to_whom", t->round->filter != NULL ? t->round->filter : "all leads");
	nt_json_put_time(&w, "first", t->round->first);
	nt_json_put_time(&w, "last", t->round->last);
	nt_json_array(&w, "messages");
	nt_broadcast_messages(program, t->round->campaign, put_message, &w);
	nt_json_end_array(&w);
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	values = nt_arena_strdup(t->arena, out->str);
	g_string_free(out, TRUE);
	g_string_free(when, TRUE);
	return values;
}

static const char *id_of(const struct telling *t, const struct nt_rep *rep, const char *campaign)
{
	const struct nt_announcement *a = t->announcement;
	char *what = g_strdup_printf("announcement\n%s\n%" G_GINT64_FORMAT "\n%s\n%s\n%u",
	                             campaign, (gint64)t->round->mark, rep->name, a->template_name, a->ordinal);
	char *hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, what, -1);
	const char *id = nt_arena_strndup(t->arena, hash, 32);

	g_free(hash);
	g_free(what);
	return id;
}

static void remember(const struct telling *t, const char *id)
{
	nt_time *first = g_new(nt_time, 1);

	*first = t->round->first;
	g_hash_table_insert(t->announcements->told, g_strdup(id), first);
}

/* NULL: this rep can't be reached so. */
static struct nt_message *write_message(const struct telling *t, const struct nt_rep *rep, const char *id)
{
	const struct nt_program *program = t->announcements->program;
	const struct nt_announcement *a = t->announcement;
	const char *channel = program->channels[a->channel].name, *address = nt_rep_address(program, rep, channel);
	const struct nt_message_template *found = NULL;
	struct nt_message *m;

	if (address == NULL)
		return NULL;
	if (program->templates != NULL)
		found = nt_template_set_find(program->templates, a->template_name, channel, NULL);
	m = nt_arena_new0(t->arena, struct nt_message);
	*m = (struct nt_message){
		.id = id,
		.lead = "",
		.rep = rep->name,
		.campaign = program->campaigns[a->campaign].name,
		.key = "",
		.step = "announcement",
		.channel = channel,
		.template_name = a->template_name,
		.template_hash = found != NULL ? nt_message_template_hash(found) : "",
		.program_hash = program->hash,
		.address = address,
		.address_name = rep->full_name,
		.service = true,
		.released = t->now,
		.values = values_of(t, rep),
		.why = nt_arena_printf(t->arena, "announcement of %s to %s", program->campaigns[a->campaign].name,
		                       rep->name),
	};
	return m;
}

static void tell(const struct telling *t, const struct nt_rep *rep, const char *id)
{
	struct nt_message *message = write_message(t, rep, id);

	remember(t, id);
	if (message != NULL)
		g_ptr_array_add(t->messages, message);
}

struct nt_message *nt_announcement_message(const struct nt_program *program, const struct nt_announcement *announcement,
                                           nt_time now, struct nt_arena *arena)
{
	struct nt_announcements none = { .program = program };
	struct nt_round round;
	struct telling t = { .announcements = &none, .announcement = announcement, .round = &round, .now = now,
		             .arena = arena };
	struct nt_message *message = NULL;

	if (!nt_broadcast_next(program, announcement->campaign, now, &round) &&
	    !nt_broadcast_next(program, announcement->campaign, NT_TIME_MIN, &round))
		return NULL;
	for (unsigned i = 0; message == NULL && i < nt_announcement_reps(program, announcement); i++) {
		const struct nt_rep *rep = &program->sales.reps[nt_announcement_rep(program, announcement, i)];

		message = write_message(&t, rep, id_of(&t, rep, program->campaigns[announcement->campaign].name));
	}
	return message;
}

/* ---- who, and when ---- */

/* Also under the name that the campaign had before: that counts for its new one from then on. */
static bool was_told(const struct telling *t, const struct nt_rep *rep, const char *id)
{
	const struct nt_campaign *campaign = &t->announcements->program->campaigns[t->announcement->campaign];
	GHashTable *told = t->announcements->told;

	if (g_hash_table_lookup(told, id) != NULL)
		return true;
	if (campaign->was == NULL || g_hash_table_lookup(told, id_of(t, rep, campaign->was)) == NULL)
		return false;
	remember(t, id);
	return true;
}

/* Tells those whose time has come; gives the earliest of the others. */
static nt_time tell_round(const struct telling *t)
{
	const struct nt_program *program = t->announcements->program;
	nt_time next = NT_NEVER;

	for (unsigned i = 0; i < nt_announcement_reps(program, t->announcement); i++) {
		const struct nt_rep *rep =
			&program->sales.reps[nt_announcement_rep(program, t->announcement, i)];
		nt_time at = nt_announcement_at(program, t->announcement, rep, t->round);
		const char *id;

		if (at > t->now)
			next = nt_time_earlier(next, at);
		else if (!was_told(t, rep, id = id_of(t, rep, program->campaigns[t->announcement->campaign].name)))
			tell(t, rep, id);
	}
	return next;
}

/* `before` is shorter than `every`: the round of which nobody needs to be told yet is soon found. */
static nt_time tell_all(struct telling *t)
{
	struct nt_round round;
	nt_time from = t->now, next = NT_NEVER;

	t->round = &round;
	while (next == NT_NEVER &&
	       nt_broadcast_next(t->announcements->program, t->announcement->campaign, from, &round)) {
		next = tell_round(t);
		from = round.first;
	}
	return next;
}

/* It is forgotten at an instant of its own: when the row changes doesn't depend on when else it is looked at. */
static nt_time forgotten_at(nt_time first)
{
	return first + REMEMBERED;
}

/* Gives the earliest of the others. */
static nt_time forget(struct nt_announcements *announcements, nt_time now)
{
	nt_time next = NT_NEVER;
	GHashTableIter iter;
	void *first;

	g_hash_table_iter_init(&iter, announcements->told);
	while (g_hash_table_iter_next(&iter, NULL, &first))
		if (forgotten_at(*(nt_time *)first) <= now)
			g_hash_table_iter_remove(&iter);
		else
			next = nt_time_earlier(next, forgotten_at(*(nt_time *)first));
	return next;
}

bool nt_announcements_step(struct nt_announcements *announcements, nt_time now, struct nt_arena *arena,
                           GPtrArray *messages)
{
	const struct nt_program *program = announcements->program;
	struct telling t = { .announcements = announcements, .now = now, .arena = arena, .messages = messages };
	unsigned before = g_hash_table_size(announcements->told), kept;
	nt_time due = NT_NEVER;

	forget(announcements, now);
	kept = g_hash_table_size(announcements->told);
	for (unsigned i = 0; i < program->n_announcements; i++) {
		t.announcement = &program->announcements[i];
		due = nt_time_earlier(due, tell_all(&t));
	}
	announcements->due = nt_time_earlier(due, forget(announcements, now));
	return kept != before || g_hash_table_size(announcements->told) != kept;
}

nt_time nt_announcements_due(const struct nt_announcements *announcements)
{
	return announcements->program->n_announcements > 0 || g_hash_table_size(announcements->told) > 0 ?
	               announcements->due :
	               NT_NEVER;
}

/* ---- the subject ---- */

struct nt_announcements *nt_announcements_new(const struct nt_program *program)
{
	struct nt_announcements *announcements = g_new0(struct nt_announcements, 1);

	announcements->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	nt_announcements_set_program(announcements, program);
	return announcements;
}

void nt_announcements_free(struct nt_announcements *announcements)
{
	if (announcements == NULL)
		return;
	g_hash_table_destroy(announcements->told);
	g_free(announcements);
}

void nt_announcements_set_program(struct nt_announcements *announcements, const struct nt_program *program)
{
	announcements->program = program;
	announcements->due = NT_TIME_MIN;
}

void nt_announcements_encode(const struct nt_announcements *announcements, GString *out)
{
	GList *ids = g_list_sort(g_hash_table_get_keys(announcements->told), (GCompareFunc)(void (*)(void))strcmp);
	struct nt_json_writer w;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	nt_json_put_int(&w, "version", ANNOUNCED_VERSION);
	nt_json_object(&w, "told");
	for (GList *id = ids; id != NULL; id = id->next)
		nt_json_put_int(&w, id->data, *(nt_time *)g_hash_table_lookup(announcements->told, id->data));
	nt_json_end_object(&w);
	nt_json_end_object(&w);
	g_list_free(ids);
}

bool nt_announcements_restore(struct nt_announcements *announcements, const void *bytes, size_t length)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_json_error error;
	const struct nt_json *object = nt_json_parse(arena, bytes, length, &error), *told, *version;
	bool ok;

	version = nt_json_get(object, "version");
	told = nt_json_get(object, "told");
	ok = version != NULL && version->type == NT_JSON_NUMBER &&
	     g_ascii_strtoll(version->text, NULL, 10) == ANNOUNCED_VERSION && told != NULL &&
	     told->type == NT_JSON_OBJECT;
	for (const struct nt_json *item = ok ? told->first : NULL; item != NULL; item = item->next) {
		nt_time *first = g_new(nt_time, 1);

		*first = item->type == NT_JSON_NUMBER ? g_ascii_strtoll(item->text, NULL, 10) : 0;
		*first = CLAMP(*first, NT_TIME_MIN, NT_TIME_MAX);
		g_hash_table_insert(announcements->told, g_strdup(item->key), first);
	}
	nt_arena_free(arena);
	return ok;
}
