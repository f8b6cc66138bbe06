#include "engine/driver.h"

#include "base/arena.h"
#include "base/bug.h"
#include "engine/memory.h"
#include "rules/program.h"

#include <string.h>

#define TIMERS 100000u
#define TOUCHES 1000u
#define CLAIMED 500u
#define STUCK 100000u /* turns at one instant: rules can't make so many */

struct nt_driver {
	struct nt_store *store;
	struct nt_engine *engine;
	struct nt_engine_options options; /* the caller's */
	GHashTable *channels;             /* of messages released and not yet handed out: their names … */
	GHashTable *later;                /* … and of those to be tried again at a later instant (nt_time) */
	struct nt_arena *arena;           /* of one hand-out */
	bool fresh;                       /* messages that came with the store wait for the first hand-out */
	unsigned released;                /* messages since the last hand-out */
	bool failed;
};

static void note_message(struct nt_driver *driver, const char *channel)
{
	driver->released++;
	if (!g_hash_table_contains(driver->channels, channel))
		g_hash_table_add(driver->channels, g_strdup(channel));
}

static void observe(void *user, const char *lead, const struct nt_input *input, const struct nt_effects *effects)
{
	struct nt_driver *driver = user;

	for (const struct nt_effect *e = effects->first; e != NULL; e = e->next)
		if (e->kind == NT_EFFECT_MESSAGE)
			note_message(driver, e->message->channel);
	if (driver->options.observe != NULL)
		driver->options.observe(driver->options.user, lead, input, effects);
}

static void observe_rep(void *user, const struct nt_message *message)
{
	struct nt_driver *driver = user;

	note_message(driver, message->channel);
	if (driver->options.observe_rep != NULL)
		driver->options.observe_rep(driver->options.user, message);
}

static struct nt_program *older_program(void *user, const char *hash)
{
	struct nt_driver *driver = user;

	return driver->options.older_program != NULL ? driver->options.older_program(driver->options.user, hash) : NULL;
}

static void turn(struct nt_driver *driver, nt_time clock, struct nt_request *requests)
{
	if (nt_engine_turn(driver->engine, clock, requests, TIMERS, TOUCHES) != NT_STORE_OK)
		driver->failed = true;
}

static struct nt_request *request_new(struct nt_driver *driver, enum nt_request_kind kind, struct nt_request **chain)
{
	struct nt_request *request = nt_arena_new0(driver->arena, struct nt_request);

	request->arena = driver->arena;
	request->kind = kind;
	request->next = *chain;
	*chain = request;
	return request;
}

static nt_time next_try(const struct nt_driver *driver)
{
	GHashTableIter iter;
	nt_time next = NT_NEVER;
	void *due;

	g_hash_table_iter_init(&iter, driver->later);
	while (g_hash_table_iter_next(&iter, NULL, &due))
		next = nt_time_earlier(next, *(nt_time *)due);
	return next;
}

static void take_up(struct nt_driver *driver)
{
	GHashTableIter iter;
	void *channel, *due;

	g_hash_table_iter_init(&iter, driver->later);
	while (g_hash_table_iter_next(&iter, &channel, &due))
		if (*(nt_time *)due <= nt_engine_now(driver->engine)) {
			g_hash_table_add(driver->channels, g_strdup(channel));
			g_hash_table_iter_remove(&iter);
		}
}

static void add_channel(void *user, const struct nt_outbox_row *row)
{
	struct nt_driver *driver = user;

	g_hash_table_add(driver->channels, g_strdup(row->message.channel));
}

static void add_outcome(void *user, const struct nt_outbox_row *row)
{
	GPtrArray *messages = user;

	g_ptr_array_add(messages, g_strdup(row->message.id));
}

/* Messages under way when the store was copied. */
static void pick_up(struct nt_driver *driver)
{
	GPtrArray *messages = g_ptr_array_new_with_free_func(g_free);
	struct nt_request *outcomes = NULL;

	driver->store->ops->outbox_each(driver->store, NT_OUTBOX_RELEASED, add_channel, driver);
	driver->store->ops->outbox_each(driver->store, NT_OUTBOX_HANDED, add_outcome, messages);
	for (unsigned i = messages->len; i-- > 0;) {
		request_new(driver, NT_REQUEST_OUTCOME, &outcomes);
		outcomes->message = messages->pdata[i];
		outcomes->result = NT_SEND_ACCEPTED;
	}
	if (outcomes != NULL)
		turn(driver, nt_engine_now(driver->engine), outcomes);
	g_ptr_array_unref(messages);
}

/* Every channel takes what there is, at once. What that leads to may release more. */
static void hand_out(struct nt_driver *driver)
{
	unsigned room = MIN(driver->released + 1, CLAIMED); /* for all that there can be, but for what was picked up */

	if (driver->fresh) {
		driver->fresh = false;
		pick_up(driver);
	}
	while (g_hash_table_size(driver->channels) > 0 && !driver->failed) {
		struct nt_request *claim = NULL, *outcomes = NULL;
		GHashTableIter iter;
		void *channel;

		nt_arena_reset(driver->arena);
		g_hash_table_iter_init(&iter, driver->channels);
		g_hash_table_iter_next(&iter, &channel, NULL);
		request_new(driver, NT_REQUEST_CLAIM, &claim);
		claim->channel = nt_arena_strdup(driver->arena, channel);
		claim->owner = "driver";
		claim->limit = room;
		turn(driver, nt_engine_now(driver->engine), claim);
		if (claim->n_rows < room) {
			if (claim->next_release != NT_NEVER)
				g_hash_table_insert(driver->later, g_strdup(claim->channel),
				                    g_memdup2(&claim->next_release, sizeof claim->next_release));
			g_hash_table_remove(driver->channels, claim->channel);
		} else {
			room = CLAIMED;
		}
		for (unsigned i = claim->n_rows; i-- > 0;) {
			request_new(driver, NT_REQUEST_OUTCOME, &outcomes);
			outcomes->message = claim->rows[i].message.id;
			outcomes->result = NT_SEND_ACCEPTED;
		}
		if (outcomes != NULL)
			turn(driver, nt_engine_now(driver->engine), outcomes);
	}
	driver->released = 0;
}

struct nt_driver *nt_driver_new(struct nt_program *program, nt_time start, const struct nt_engine_options *options,
                                const char **why)
{
	struct nt_driver *driver = nt_driver_new_over(nt_memory_store_new(), program, options, why);

	if (driver != NULL)
		nt_driver_begin(driver, start);
	return driver;
}

struct nt_driver *nt_driver_new_over(struct nt_store *store, struct nt_program *program,
                                     const struct nt_engine_options *options, const char **why)
{
	struct nt_driver *driver = g_new0(struct nt_driver, 1);
	struct nt_engine_options own = { .observe = observe, .observe_rep = observe_rep, .older_program = older_program,
		                         .user = driver };

	if (options != NULL) {
		driver->options = *options;
		own.retry = options->retry;
		own.trace = options->trace;
		own.dry = options->dry;
		own.keep = options->keep;
	}
	driver->channels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	driver->later = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	driver->arena = nt_arena_new();
	driver->store = store;
	driver->fresh = true;
	driver->engine = nt_engine_new(driver->store, program, &own, why);
	if (driver->engine == NULL) {
		nt_driver_free(driver);
		return NULL;
	}
	return driver;
}

void nt_driver_begin(struct nt_driver *driver, nt_time start)
{
	turn(driver, start, NULL);
}

void nt_driver_free(struct nt_driver *driver)
{
	if (driver == NULL)
		return;
	nt_engine_free(driver->engine);
	driver->store->ops->free(driver->store);
	g_hash_table_destroy(driver->channels);
	g_hash_table_destroy(driver->later);
	nt_arena_free(driver->arena);
	g_free(driver);
}

/* A load reaches every lead before anything is handed out: what it calls back is still there. */
static void touch(struct nt_driver *driver)
{
	while (!driver->failed && nt_engine_touching(driver->engine))
		turn(driver, nt_engine_now(driver->engine), NULL);
}

void nt_driver_run(struct nt_driver *driver, nt_time until, bool inclusive)
{
	nt_time last = NT_NO_TIME;
	unsigned again = 0;

	while (!driver->failed) {
		bool at_once = nt_engine_touching(driver->engine) || driver->fresh;
		nt_time due = at_once ? nt_engine_now(driver->engine) :
		                        nt_time_earlier(nt_engine_due(driver->engine), next_try(driver));

		due = nt_time_later(due, nt_engine_now(driver->engine));
		if (due > until || (due == until && !inclusive && !nt_engine_touching(driver->engine)) ||
		    due == NT_NEVER)
			break;
		again = due == last ? again + 1 : 0;
		if (again > STUCK)
			NT_BUG("the timer of %" G_GINT64_FORMAT " never ends", (gint64)due);
		last = due;
		turn(driver, due, NULL);
		touch(driver);
		take_up(driver);
		hand_out(driver);
	}
}

void nt_driver_post(struct nt_driver *driver, nt_time at, struct nt_request *request)
{
	nt_driver_run(driver, at, false);
	turn(driver, at, request);
	touch(driver);
	hand_out(driver);
}

struct nt_lead *nt_driver_lead(struct nt_driver *driver, struct nt_arena *arena, const char *id)
{
	return nt_engine_lead(driver->engine, arena, id);
}

bool nt_driver_outcome(const struct nt_program *program, const char *event, const char **channel,
                       enum nt_outcome *outcome)
{
	static const struct {
		const char *noun;
		enum nt_outcome outcome;
	} nouns[] = {
		{ "delivered", NT_OUTCOME_DELIVERED }, { "opened", NT_OUTCOME_OPENED },
		{ "clicked", NT_OUTCOME_CLICKED },     { "replied", NT_OUTCOME_REPLIED },
		{ "bounced", NT_OUTCOME_BOUNCED },     { "complained", NT_OUTCOME_COMPLAINED },
		{ "unsubscribed", NT_OUTCOME_UNSUBSCRIBED }, { "confirmed", NT_OUTCOME_CONFIRMED },
	};

	for (unsigned c = 0; c < program->n_channels; c++) {
		size_t length = strlen(program->channels[c].name);

		if (strncmp(event, program->channels[c].name, length) != 0 || event[length] != '.')
			continue;
		for (size_t i = 0; i < G_N_ELEMENTS(nouns); i++)
			if (strcmp(event + length + 1, nouns[i].noun) == 0) {
				*channel = program->channels[c].name;
				*outcome = nouns[i].outcome;
				return true;
			}
	}
	return false;
}

struct nt_engine *nt_driver_engine(struct nt_driver *driver)
{
	return driver->engine;
}

struct nt_store *nt_driver_store(struct nt_driver *driver)
{
	return driver->store;
}
