/* For tests of channels: a rule set whose messages say what they are given, deliveries of them, a loop, and what became
 * of each. */
#ifndef NT_TEST_CHANNEL_WORLD_H
#define NT_TEST_CHANNEL_WORLD_H

#include "base/arena.h"
#include "channel/channel.h"
#include "channel/links.h"
#include "channel/slots.h"
#include "os/clock.h"
#include "rules/program.h"

#include "program_text.h"
#include "unit.h"

#include <ev.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_S 10.0 /* nothing here takes as long, unless it is broken */
#define RELEASED 1772445600000 /* 2026-03-02T10:00:00Z */

static const char world_rules[] =
	"policy:\n"
	"  sender: { name: Ada at Example, email: ada@example.org, address: \"1 Main St\", phone: \"+1 555 0100\" }\n"
	"  time_zone: UTC\n"
	"  consent: { sms: opt_out, letter: opt_out }\n"
	"---\n"
	"events: { trial.started: {} }\n"
	"---\n"
	"campaign: all\nenter: { on: trial.started }\nsteps: [ email: plain, wait: 300 days, email: page, sms: text, "
        "letter: sheet ]\n";

#define FRONT                                                                                                          \
	"---\nsubject: \"{{ subject }}\"\nfrom_name: \"{{ from_name }}\"\nreply_to: \"{{ reply_to }}\"\nx-note: \"{{ " \
	"note }}\"\n"

static const struct nt_file world_templates[] = {
	{ "templates/plain/email.txt", FRONT "---\n{{ body }}\n", sizeof FRONT "---\n{{ body }}\n" - 1 },
	{ "templates/page/email.html", FRONT "---\n<p>{{ body }}</p><p>{{ unsubscribe_url }}</p>\n",
	  sizeof FRONT "---\n<p>{{ body }}</p><p>{{ unsubscribe_url }}</p>\n" - 1 },
	{ "templates/text/sms.txt", "{{ body }}", sizeof "{{ body }}" - 1 },
	{ "templates/sheet/letter.txt", "---\nsubject: \"{{ subject }}\"\n---\n{{ body }}\n",
	  sizeof "---\nsubject: \"{{ subject }}\"\n---\n{{ body }}\n" - 1 },
};

struct world_outcome {
	char *message;
	enum nt_send_result result;
	bool hard, down;
	char *detail, *remote_id;
	nt_time retry_after;
};

struct world {
	struct ev_loop *loop;
	struct nt_clock *clock;
	struct nt_links *links;
	struct nt_slots *slots;
	struct nt_program *program;
	struct nt_channel_house house;
	char *folder;
	GArray *outcomes; /* struct world_outcome, in order */
	bool drained;
};

static struct world world;

static inline struct nt_program *world_program(const char *text)
{
	return program_from(text, world_templates, G_N_ELEMENTS(world_templates), program_zones());
}

static inline void world_done(struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome)
{
	struct world_outcome o = { .message = g_strdup(delivery->row.message.id),
		                   .result = outcome->result,
		                   .hard = outcome->hard,
		                   .down = outcome->down,
		                   .detail = g_strdup(outcome->detail),
		                   .remote_id = g_strdup(outcome->remote_id),
		                   .retry_after = outcome->retry_after };

	g_array_append_val(world.outcomes, o);
	if (delivery->slot >= 0)
		nt_slots_release(world.slots, delivery->slot);
	nt_program_unref(delivery->program);
	nt_arena_free(delivery->arena);
}

static inline void world_start(void)
{
	static const char *const keys[] = { "a key of thirty-two bytes, or more" };
	char *path, *why = NULL;

	world.loop = ev_default_loop(0);
	world.clock = nt_clock_new_manual(RELEASED);
	world.links = nt_links_new("https://hello.example.org", keys, 1);
	world.program = world_program(world_rules);
	world.folder = g_dir_make_tmp("nt-channel-XXXXXX", NULL);
	path = g_build_filename(world.folder, "slots", NULL);
	world.slots = nt_slots_open(path, 64, &why);
	if (world.slots == NULL)
		g_error("%s", why);
	g_free(path);
	world.outcomes = g_array_new(FALSE, FALSE, sizeof(struct world_outcome));
	world.house = (struct nt_channel_house){
		.loop = world.loop, .clock = world.clock, .links = world.links, .slots = world.slots, .done = world_done
	};
}

static inline void world_forget(void)
{
	for (guint i = 0; i < world.outcomes->len; i++) {
		struct world_outcome *o = &g_array_index(world.outcomes, struct world_outcome, i);

		g_free(o->message);
		g_free(o->detail);
		g_free(o->remote_id);
	}
	g_array_set_size(world.outcomes, 0);
}

static inline void world_remove(const char *path)
{
	GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	const char *name;

	while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
		char *inner = g_build_filename(path, name, NULL);

		world_remove(inner);
		g_free(inner);
	}
	if (dir != NULL)
		g_dir_close(dir);
	g_remove(path);
}

static inline void world_end(void)
{
	world_forget();
	g_array_free(world.outcomes, TRUE);
	nt_slots_free(world.slots);
	nt_program_unref(world.program);
	nt_links_free(world.links);
	nt_clock_free(world.clock);
	world_remove(world.folder);
	g_free(world.folder);
	zones_free();
	memset(&world, 0, sizeof world);
}

static inline int world_setup(void **state)
{
	(void)state;
	world_start();
	return 0;
}

static inline int world_teardown(void **state)
{
	(void)state;
	world_end();
	return 0;
}

/* ---- deliveries ---- */

struct sending {
	const char *id, *channel, *template, *address, *name, *lead, *rep, *values, *campaign;
	bool service;
	uint64_t offer;
};

static inline const char *world_or(const char *given, const char *otherwise)
{
	return given != NULL ? given : otherwise;
}

static inline struct nt_delivery *world_delivery_of(const struct sending *s)
{
	struct nt_arena *arena = nt_arena_new();
	struct nt_delivery *delivery = nt_arena_new0(arena, struct nt_delivery);
	struct nt_message *m = &delivery->row.message;

	delivery->arena = arena;
	delivery->program = nt_program_ref(world.program);
	delivery->templates = world.program->templates;
	m->id = nt_arena_strdup(arena, world_or(s->id, "00112233445566778899aabbccddeeff"));
	m->channel = nt_arena_strdup(arena, world_or(s->channel, "email"));
	m->template_name = nt_arena_strdup(arena, world_or(s->template, strcmp(m->channel, "sms") == 0      ? "text"
	                                                                : strcmp(m->channel, "letter") == 0 ? "sheet"
	                                                                                                    : "plain"));
	m->address = nt_arena_strdup(arena, world_or(s->address, "ann@example.net"));
	m->address_name = nt_arena_strdup(arena, s->name);
	m->lead = nt_arena_strdup(arena, world_or(s->lead, "ann"));
	m->rep = nt_arena_strdup(arena, s->rep);
	m->values = nt_arena_strdup(arena, world_or(s->values, "{\"subject\":\"Hello\",\"body\":\"Hi there\"}"));
	m->campaign = nt_arena_strdup(arena, world_or(s->campaign, "all"));
	m->key = m->step = m->locale = m->template_hash = m->why = "";
	m->service = s->service;
	m->offer = s->offer;
	m->released = RELEASED;
	delivery->slot = nt_slots_take(world.slots, m->id);
	return delivery;
}
#define delivery(...) world_delivery_of(&(struct sending){ __VA_ARGS__ })

static inline void world_drop(struct nt_delivery *delivery)
{
	if (delivery->slot >= 0)
		nt_slots_release(world.slots, delivery->slot);
	nt_program_unref(delivery->program);
	nt_arena_free(delivery->arena);
}

/* ---- the loop ---- */

static inline void world_too_late(struct ev_loop *loop, ev_timer *timer, int events)
{
	(void)loop;
	(void)timer;
	(void)events;
	g_error("waited in vain");
}

/* Turns the loop until there are so many outcomes; gives the last. */
static inline const struct world_outcome *world_wait(unsigned n)
{
	ev_timer limit;

	ev_timer_init(&limit, world_too_late, PATIENCE_S, 0.);
	ev_now_update(world.loop);
	ev_timer_start(world.loop, &limit);
	while (world.outcomes->len < n)
		ev_run(world.loop, EVRUN_ONCE);
	ev_timer_stop(world.loop, &limit);
	return &g_array_index(world.outcomes, struct world_outcome, n - 1);
}

static inline const struct world_outcome *world_send(struct nt_channel *channel, struct nt_delivery *d)
{
	unsigned before = world.outcomes->len;

	assert_true(channel->ops->send(channel, d));
	return world_wait(before + 1);
}

static inline void world_drained(void *user)
{
	(void)user;
	world.drained = true;
}

static inline void world_drain(struct nt_channel *channel)
{
	ev_timer limit;

	world.drained = false;
	channel->ops->drain(channel, world_drained, NULL);
	ev_timer_init(&limit, world_too_late, PATIENCE_S, 0.);
	ev_now_update(world.loop);
	ev_timer_start(world.loop, &limit);
	while (!world.drained)
		ev_run(world.loop, EVRUN_ONCE);
	ev_timer_stop(world.loop, &limit);
	channel->ops->free(channel);
}

#endif
