/* From files to a program: slots of a rule set that uses everything, and what is said of one that is wrong. */
#include "unit.h"

#include "load_files.h"
#include "template/message.h"

#define WELCOME "templates/welcome/email.md", "---\nsubject: Hello\n---\nHello {{ first_name | default: \"there\" }}.\n"
#define QUESTIONS "templates/questions/sms.txt", "Any questions?\n"
#define NEW_LEAD "templates/new-lead/email.md", "---\nsubject: A lead\n---\nHello.\n"

static const char dictionary[] =
	"fields:\n"
	"  country: { type: text, one_of: [ US, CA, DE ] }\n"
	"  company_size: number\n"
	"  trial_ends: date\n"
	"events:\n"
	"  trial.started: {}\n"
	"  demo.requested:\n"
	"  pricing.viewed: { page: text }\n"
	"  order.placed: { order_id: text, amount: number, plan: { type: text, one_of: [ pro, team ] } }\n"
	"---\n"
	"segments:\n"
	"  busy: in_segment(\"hot\") and count(\"pricing.viewed\", 7 days) >= 3\n"
	"  hot: score >= 60\n"
	"---\n"
	"scoring:\n"
	"  half_life: 14 days\n"
	"  fit:\n"
	"    - { if: company_size >= 50, points: 20 }\n"
	"  engagement:\n"
	"    - { on: pricing.viewed, points: 15, at_most: 30 per week }\n"
	"    - on: order.placed\n"
	"      if: event.amount > 10\n"
	"      points: = event.amount / 100\n"
	"  levels: { hot: 80, cold: 0, warm: 40 }\n"
	"---\n"
	"policy:\n"
	"  sender: { name: Ada, email: ada@example.org, address: 1 Main St, phone: +1 555 0100 }\n"
	"  time_zone: America/New_York\n"
	"  send: { default: mon-fri 08:00-20:00, sms: [ mon-fri 09:00-17:00, 'sat,sun 10:00-12:00' ] }\n"
	"  at_most: [ 1 per day, 3 per week, 2 per calendar day ]\n"
	"  holidays: [ 2026-12-25, 2026-01-01 ]\n"
	"  consent: { sms: opt_out }\n"
	"  suppress_if: bounced_hard or complained\n"
	"---\n"
	"sales:\n"
	"  ready:\n"
	"    - { on: demo.requested, reason: asked for a demo, accept_within: 5 minutes }\n"
	"    - when: score >= 80\n"
	"      unless: stage == \"customer\"\n"
	"      reason: score\n"
	"  again: after 30 days\n"
	"  reps:\n"
	"    anna: { name: Anna Berg, email: anna@example.org, time_zone: Europe/Berlin, hours: mon-fri 09:00-17:30,\n"
	"            open_at_most: 25, away: [ 2026-12-24..2027-01-02, 2026-05-01 ] }\n"
	"    bob: { email: bob@example.org }\n"
	"  teams:\n"
	"    all: { reps: [ anna, bob ], manager: bob, turn: least_open }\n"
	"  route:\n"
	"    - { if: owner != none, to: owner }\n"
	"    - { to: team all }\n"
	"  tell: [ email: new-lead ]\n"
	"  then: [ next_rep, manager ]\n"
	"  after_accept:\n"
	"    - { within: 24 hours, then: tell manager }\n"
	"  reasons:\n"
	"    too_early: { recycle: later, after: 60 days, points: -40 }\n"
	"    wrong_team: { route_again: true }\n";

static const char trial[] =
	"campaign: trial\n"
	"title: Trial to paid\n"
	"priority: 7\n"
	"enter:\n"
	"  - { on: trial.started, if: country == \"US\" }\n"
	"  - { when: score >= 10, existing: enter }\n"
	"again: after 90 days\n"
	"goal:\n"
	"  on: order.placed\n"
	"  if: event.amount > 5\n"
	"  do: [ tag: paid, points: '= event.amount' ]\n"
	"exit:\n"
	"  - when: stage == \"disqualified\"\n"
	"pause: in_segment(\"busy\")\n"
	"steps:\n"
	"  - email: welcome\n"
	"    with: { level: \"= score + 1\", note: plain }\n"
	"    window: daily 10:00-12:00\n"
	"    give_up_after: 2 days\n"
	"  - wait: 1 day 4 hours\n"
	"  - email: welcome\n"
	"    unless: did(\"pricing.viewed\", 2 days)\n"
	"    kind: service\n"
	"  - wait_for: [ pricing.viewed, order.placed ]\n"
	"    if: score > 5\n"
	"    up_to: 3 days\n"
	"    then:\n"
	"      - sms: questions\n"
	"      - if: score >= 60\n"
	"        then: [ hand_off: trial user is warm ]\n"
	"        else: [ tag: cool ]\n"
	"    else: [ { stage: cold, id: give-up } ]\n"
	"  - split:\n"
	"      - { share: 33.5%, steps: [ tag: a ] }\n"
	"      - { share: 56.5%, steps: [ tag: b ] }\n"
	"      - { share: 10%, hold_out: true }\n"
	"  - wait_until: 09:00\n"
	"  - wait_until: \"monday 09:30\"\n"
	"  - wait_until: mon-fri 09:00-17:00\n"
	"  - wait_until: trial_ends - 3 days\n"
	"  - wait_until: score > 90\n"
	"    up_to: 1 week\n"
	"  - set: { country: CA, company_size: = company_size + 1 }\n"
	"  - suppress: marketing\n"
	"  - start: later\n"
	"  - stop\n"
	"tests:\n"
	"  - name: one\n"
	"    lead: { id: ann, country: US }\n"
	"    arms: { split-1: 2 }\n"
	"    events: [ { at: 2026-03-02 10:00, on: trial.started } ]\n"
	"    expect: [ { at: +0 days, email: welcome }, nothing_else, at_end: { stage: lead } ]\n"
	"---\n"
	"campaign: later\n"
	"enter: { by_hand: true }\n"
	"steps: [ webhook: crm ]\n";

static const char *const everything[] = { "rules/trial.yaml", trial, "rules/all.yaml", dictionary, WELCOME, QUESTIONS,
	NEW_LEAD, NULL };

static struct loaded load_everything(void)
{
	struct loaded loaded = load_files(everything);

	assert_string_equal(loaded.says->str, "");
	assert_non_null(loaded.program);
	return loaded;
}

static void names_have_slots(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;
	const struct nt_event_type *order;

	(void)state;
	assert_int_equal(nt_program_field(p, "email"), NT_FIELD_EMAIL);
	assert_int_equal(nt_program_field(p, "created_at"), NT_FIELD_CREATED_AT);
	assert_int_equal(nt_program_field(p, "company_size"), NT_BUILTIN_FIELDS);
	assert_int_equal(p->n_fields, NT_BUILTIN_FIELDS + 2);
	assert_string_equal(p->fields[NT_FIELD_COUNTRY].one_of[2], "DE");
	assert_true(p->fields[NT_FIELD_COUNTRY].builtin);
	assert_int_equal(nt_program_field(p, "nothing"), -1);
	order = &p->events[nt_program_event(p, "order.placed")];
	assert_int_equal(order->n_properties, 3);
	assert_int_equal(order->properties[nt_program_property(order, "amount")].type, NT_TYPE_NUMBER);
	assert_string_equal(order->properties[nt_program_property(order, "plan")].one_of[0], "pro");
	assert_int_equal(p->events[nt_program_event(p, "demo.requested")].n_properties, 0);
	assert_true(p->events[nt_program_event(p, "sms.bounced")].builtin);
	assert_true(p->events[nt_program_event(p, "score.crossed")].builtin);
	assert_int_equal(nt_program_event(p, "order.plaeced"), -1);
	/* a segment refers only to earlier ones, whatever the order in the file */
	assert_int_equal(nt_program_segment(p, "hot"), 0);
	assert_int_equal(nt_program_segment(p, "busy"), 1);
	assert_int_equal(p->n_rings, 1);
	assert_int_equal(p->rings[0].event, nt_program_event(p, "pricing.viewed"));
	assert_int_equal(p->rings[0].capacity, 4);
	assert_int_equal(nt_program_ring(p, p->rings[0].identity), 0);
	unload(&loaded);
}

static void policy_and_channels(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;
	const struct nt_channel_policy *email = &p->channels[nt_program_channel(p, "email")];
	const struct nt_channel_policy *sms = &p->channels[nt_program_channel(p, "sms")];
	const struct nt_channel_policy *voice = &p->channels[nt_program_channel(p, "voice")];

	(void)state;
	assert_string_equal(p->policy.sender_phone, "+1 555 0100");
	assert_string_equal(p->policy.time_zone, "America/New_York");
	assert_int_equal(email->address_field, NT_FIELD_EMAIL);
	assert_false(email->opt_in);
	assert_int_equal(email->send.n, 1);
	assert_int_equal(email->send.items[0].start, 8 * 60);
	assert_false(sms->opt_in);
	assert_int_equal(sms->send.n, 2);
	assert_int_equal(sms->send.items[1].days, 1 << 5 | 1 << 6);
	assert_true(voice->opt_in);
	assert_int_equal(p->policy.n_at_most, 3);
	assert_int_equal(p->policy.at_most[1].per.days, 7);
	assert_true(p->policy.at_most[2].calendar);
	assert_int_equal(p->policy.n_holidays, 2);
	assert_int_equal(p->policy.holidays[0], nt_civil_days(2026, 1, 1));
	assert_non_null(p->policy.suppress_if);
	unload(&loaded);
}

static void scoring(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;

	(void)state;
	assert_int_equal(p->half_life, 14 * NT_DAY);
	assert_int_equal(p->n_fit, 1);
	assert_int_equal(p->fit[0].points, 20 * NT_NUMBER_ONE);
	assert_string_equal(p->fit[0].reason, "company_size >= 50");
	assert_int_equal(p->n_engagement, 2);
	assert_true(p->engagement[0].capped);
	assert_int_equal(p->engagement[0].at_most.n, 30);
	assert_non_null(p->engagement[1].points_expr);
	assert_non_null(p->engagement[1].condition);
	assert_int_equal(p->n_levels, 3);
	assert_string_equal(p->levels[0].name, "cold");
	assert_int_equal(p->levels[2].from, 80);
	unload(&loaded);
}

static void sales(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;
	const struct nt_sales_rules *s = &p->sales;
	const struct nt_rep *anna = &s->reps[nt_program_rep(p, "anna")], *bob = &s->reps[nt_program_rep(p, "bob")];

	(void)state;
	assert_true(s->present);
	assert_int_equal(s->n_ready, 2);
	assert_int_equal(s->ready[0].event, nt_program_event(p, "demo.requested"));
	assert_int_equal(s->ready[0].accept_within.ms, 5 * NT_MINUTE);
	assert_int_equal(s->ready[1].event, -1);
	assert_string_equal(p->watchers[s->ready[1].watcher].identity, "sales ready 2");
	assert_int_equal(p->watchers[s->ready[1].watcher].condition->op, NT_OP_AND);
	assert_int_equal(s->again.days, 30);
	assert_string_equal(anna->full_name, "Anna Berg");
	assert_int_equal(anna->n_away, 2);
	assert_int_equal(anna->away[0][1], nt_civil_days(2027, 1, 2));
	assert_int_equal(anna->away[1][0], anna->away[1][1]);
	assert_string_equal(bob->time_zone, "America/New_York");
	assert_int_equal(bob->hours.n, 0);
	assert_int_equal(s->teams[0].manager, nt_program_rep(p, "bob"));
	assert_int_equal(s->teams[0].turn, NT_TURN_LEAST_OPEN);
	assert_int_equal(s->route[0].kind, NT_ROUTE_OWNER);
	assert_int_equal(s->route[1].target, nt_program_team(p, "all"));
	assert_int_equal(s->accept_within.ms, 30 * NT_MINUTE);
	assert_int_equal(s->then[1], NT_THEN_MANAGER);
	assert_int_equal(s->after_accept[0].then, NT_AFTER_TELL_MANAGER);
	assert_string_equal(s->tell[0].template, "new-lead");
	assert_int_equal(s->reasons[0].recycle, nt_program_campaign(p, "later"));
	assert_int_equal(s->reasons[0].points, -40 * NT_NUMBER_ONE);
	assert_true(s->reasons[1].route_again);
	unload(&loaded);
}

static const struct nt_step *step_of(const struct nt_campaign *campaign, const char *identity)
{
	int step = nt_campaign_step(campaign, identity);

	if (step < 0)
		fail_msg("there is no step %s", identity);
	return &campaign->steps[step];
}

static void ways_in_and_out(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;
	const struct nt_campaign *c = &p->campaigns[nt_program_campaign(p, "trial")];

	(void)state;
	assert_string_equal(p->campaigns[0].name, "later");
	assert_string_equal(c->title, "Trial to paid");
	assert_int_equal(c->priority, 7);
	assert_int_equal(c->n_enter, 2);
	assert_int_equal(c->enter[0].kind, NT_ENTER_ON);
	assert_non_null(c->enter[0].condition);
	assert_int_equal(c->enter[1].kind, NT_ENTER_WHEN);
	assert_true(c->enter[1].existing);
	assert_string_equal(p->watchers[c->enter[1].watcher].identity, "campaign trial enter 2");
	assert_int_equal(c->again, NT_AGAIN_AFTER);
	assert_int_equal(c->again_after.days, 90);
	assert_int_equal(c->goals[0].event, nt_program_event(p, "order.placed"));
	assert_string_equal(c->steps[c->goals[0].first_do].name, "paid");
	assert_int_equal(c->steps[c->steps[c->goals[0].first_do].next].kind, NT_STEP_POINTS);
	assert_non_null(c->steps[c->steps[c->goals[0].first_do].next].expr);
	assert_int_equal(c->exits[0].event, -1);
	assert_non_null(c->pause);
	assert_int_equal(p->campaigns[0].enter[0].kind, NT_ENTER_BY_HAND);
	assert_int_equal(p->campaigns[0].priority, 5);
	unload(&loaded);
}

static void steps(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;
	const struct nt_campaign *c = &p->campaigns[nt_program_campaign(p, "trial")];
	const struct nt_step *first = &c->steps[c->first], *second, *wait_for, *branch;

	(void)state;
	assert_string_equal(first->identity, "email-welcome-1");
	assert_int_equal(first->channel, nt_program_channel(p, "email"));
	assert_int_equal(first->n_assignments, 2);
	assert_non_null(first->assignments[0].expr);
	assert_string_equal(first->assignments[1].literal.text, "plain");
	assert_true(first->has_window);
	assert_int_equal(first->give_up_after.days, 2);
	assert_int_equal(c->steps[first->next].duration.ms, 4 * NT_HOUR);
	assert_int_equal(c->steps[first->next].duration.days, 1);
	second = step_of(c, "email-welcome-2");
	assert_true(second->service);
	assert_true(nt_duration_is_zero(second->give_up_after));
	assert_int_equal(second->condition->op, NT_OP_NOT);
	wait_for = step_of(c, "wait_for-1");
	assert_int_equal(wait_for->n_events, 2);
	assert_true(wait_for->has_up_to);
	assert_non_null(wait_for->expr);
	branch = &c->steps[c->steps[wait_for->then_first].next];
	assert_int_equal(branch->kind, NT_STEP_IF);
	assert_int_equal(branch->depth, 1);
	assert_ptr_equal(&c->steps[branch->parent], wait_for);
	assert_string_equal(c->steps[branch->then_first].name, "trial user is warm");
	assert_string_equal(c->steps[branch->then_first].identity, "hand_off-1");
	assert_string_equal(c->steps[wait_for->else_first].identity, "give-up");
	assert_int_equal(c->steps[wait_for->else_first].next, -1);
	assert_ptr_equal(&c->steps[wait_for->next], step_of(c, "split-1"));
	unload(&loaded);
}

static void split_and_waits(void **state)
{
	struct loaded loaded = load_everything();
	const struct nt_program *p = loaded.program;
	const struct nt_campaign *c = &p->campaigns[nt_program_campaign(p, "trial")];
	const struct nt_step *split = step_of(c, "split-1");

	(void)state;
	assert_int_equal(split->n_arms, 3);
	assert_int_equal(split->arms[0].upto, 335000);
	assert_int_equal(split->arms[2].upto, 1000000);
	assert_true(split->arms[2].hold_out);
	assert_int_equal(split->arms[2].first, -1);
	assert_string_equal(c->steps[split->arms[1].first].name, "b");
	assert_int_equal(step_of(c, "wait_until-1")->kind, NT_STEP_WAIT_CLOCK);
	assert_int_equal(step_of(c, "wait_until-1")->minutes, 9 * 60);
	assert_int_equal(step_of(c, "wait_until-1")->weekday, -1);
	assert_int_equal(step_of(c, "wait_until-2")->kind, NT_STEP_WAIT_CLOCK); /* quoted, and a time all the same */
	assert_int_equal(step_of(c, "wait_until-2")->weekday, 0);
	assert_int_equal(step_of(c, "wait_until-3")->kind, NT_STEP_WAIT_WINDOW);
	assert_int_equal(step_of(c, "wait_until-4")->kind, NT_STEP_WAIT_TIME);
	assert_int_equal(step_of(c, "wait_until-5")->kind, NT_STEP_WAIT_CONDITION);
	assert_int_equal(step_of(c, "set-1")->assignments[0].field, NT_FIELD_COUNTRY);
	assert_non_null(step_of(c, "set-1")->assignments[1].expr);
	assert_string_equal(step_of(c, "suppress-marketing-1")->name, "marketing");
	assert_int_equal(step_of(c, "start-later-1")->campaign, nt_program_campaign(p, "later"));
	assert_int_equal(step_of(c, "stop-1")->next, -1);
	assert_string_equal(p->campaigns[0].steps[0].identity, "webhook-crm-1");
	assert_int_equal(p->n_tests, 1);
	assert_string_equal(p->tests[0].name, "one");
	assert_int_equal(p->tests[0].campaign, nt_program_campaign(p, "trial"));
	unload(&loaded);
}

static void dates_and_broadcasts(void **state)
{
	static const char *const files[] = {
		"rules/all.yaml",
		"fields: { renews_on: date }\n---\ncampaign: x\nenter:\n"
		"  - { date: renews_on, before: 1 month 2 days, time: 09:30, every: 2 years, late: enter,\n"
		"      if: score > 3 }\n"
		"  - { date: renews_on, after: 3 hours }\n  - { at: 2026-05-04 09:00, every: week }\n"
		"  - { at: 2026-05-04T09:00:00-08:00 }\n  - { at: 2026-05-04 09:00, zone: Europe/Berlin }\n"
		"steps: [ tag: t ]\n---\n"
		"campaign: y\nenter: { date: created_at, every: year }\nagain: after 2 years\n"
		"steps: [ tag: t ]\n", NULL };
	struct loaded loaded = load_files(files);
	const struct nt_program *p = loaded.program;
	const struct nt_occasion *o;

	(void)state;
	assert_non_null(p);
	o = p->occasions;
	assert_int_equal(p->n_occasions, 6);
	assert_string_equal(o[0].identity, "x date renews_on");
	assert_int_equal(o[0].field, nt_program_field(p, "renews_on"));
	assert_true(o[0].before && o[0].late && o[0].repeats);
	assert_int_equal(o[0].shift.months, 1);
	assert_int_equal(o[0].shift.days, 2);
	assert_int_equal(o[0].minutes, 570);
	assert_int_equal(o[0].every.months, 24);
	assert_non_null(p->campaigns[0].enter[0].condition);
	assert_string_equal(o[1].identity, "x date renews_on 2");
	assert_false(o[1].before || o[1].late || o[1].repeats);
	assert_int_equal(o[1].minutes, -1);
	assert_string_equal(o[2].identity, "x at");
	assert_int_equal(o[2].every.days, 7);
	assert_false(o[2].everywhere);
	assert_string_equal(o[3].identity, "x at 2");
	assert_true(o[3].everywhere && o[3].zone == NULL);
	assert_int_equal(o[3].behind, -8 * NT_HOUR);
	assert_true(o[4].everywhere && o[4].zone != NULL);
	assert_int_equal(nt_program_occasion(p, "x at 3"), 4);
	for (unsigned i = 0; i < 5; i++) /* by nature: the dates, and the broadcast that repeats */
		assert_int_equal(p->campaigns[0].enter[i].comes_round, i < 3);
	assert_int_equal(o[5].campaign, 1);
	assert_false(p->campaigns[1].enter[0].comes_round); /* again says otherwise */
	unload(&loaded);
}

static void the_hash_is_of_the_sources(void **state)
{
	static const char *const reversed[] = { WELCOME, QUESTIONS, NEW_LEAD, "rules/all.yaml", dictionary,
		"rules/trial.yaml", trial, NULL };
	static const char *const other[] = { "rules/trial.yaml", trial, "rules/all.yaml", dictionary, WELCOME,
		QUESTIONS,
		"templates/new-lead/email.md", "---\nsubject: A lead!\n---\nHello.\n", NULL };
	struct loaded a = load_everything(), b = load_files(reversed), c = load_files(other);

	(void)state;
	assert_int_equal(strlen(a.program->hash), 64);
	assert_string_equal(a.program->hash, b.program->hash);
	assert_string_not_equal(a.program->hash, c.program->hash);
	unload(&a);
	unload(&b);
	unload(&c);
}

static void assert_says(const char *const *files, const char *wanted)
{
	struct loaded loaded = load_files(files);

	assert_string_equal(loaded.says->str, wanted);
	assert_null(loaded.program);
	unload(&loaded);
}

static void all_errors_in_one_run(void **state)
{
	static const char *const files[] = {
		"rules/a.yaml",
			"events:\n  a.b: {}\n---\ncampaign: x\nenter: { on: a.c }\nsteps:\n  - emial: hi\n  - wait: "
			"soon\n  - tag: t\n    then: []\n",
		"rules/b.yaml", "fields:\n  Size: number\nsegments:\n  s: nmae == 1\n", NULL };

	(void)state;
	assert_says(files, "rules/a.yaml:5:14: unknown event 'a.c' (did you mean 'a.b'?)\n"
	                   "rules/a.yaml:7:5: unknown step 'emial' (did you mean 'email'?)\n"
	                   "rules/a.yaml:8:11: 'soon' is not a duration: a duration is written like '90 minutes', "
	                   "'3 days', '1 month' or '1 day 4 hours'\n"
	                   "rules/a.yaml:10:5: 'then' does not go with 'tag'\n"
	                   "rules/b.yaml:2:3: 'Size' is no name for a field: names are lower_case, with underscores\n"
	                   "rules/b.yaml:4:6: unknown field 'nmae' (declare a field under 'fields'; text goes "
	                   "in quotes: \"nmae\")");
}

/* What a broken file declares isn't reported as missing in the others; their own mistakes are. */
static void a_broken_file_stops_no_other(void **state)
{
	static const char *const files[] = {
		"rules/a.yaml", "events:\n  a.b: {}\nfields:\n\tsize: number\n",
		"rules/b.yaml", "campaign: x\nenter: { on: a.b, if: size > 5 }\nsteps: [ tag: t, tga: u ]\n", NULL };

	(void)state;
	assert_says(files, "rules/a.yaml:4:1: indent with spaces: YAML does not allow tabs\n"
	                   "rules/b.yaml:3:18: unknown step 'tga' (did you mean 'tag'?)");
}

static void what_depends_on_itself(void **state)
{
	static const char *const files[] = {
		"rules/a.yaml",
			"segments:\n  a: in_segment(\"b\")\n  b: not in_segment(\"c\")\n  c: in_segment(\"a\") or "
			"in_segment(\"d\")\n  d: score > 5\n", NULL };

	(void)state;
	assert_says(files, "rules/a.yaml:3:21: 'c' depends on itself: c → a → b → c");
}

static void the_event_at_hand_ends_with_the_next_wait(void **state)
{
	static const char *const files[] = {
		"rules/a.yaml",
		"events:\n  a.b: { n: number }\n---\ncampaign: x\nenter: { on: a.b }\nsteps:\n"
		"  - { if: event.n > 1, tag: one }\n"
		"  - wait_for: a.b\n"
		"    up_to: 1 day\n"
		"    then:\n"
		"      - { if: event.n > 2, tag: two }\n"
		"      - wait: 1 day\n"
		"      - { if: event.n > 3, tag: three }\n"
		"    else:\n"
		"      - { if: event.n > 4, tag: four }\n"
		"  - { if: entry.n > 5, tag: five }\n", NULL };

	(void)state;
	assert_says(files, "rules/a.yaml:7:11: there is no event at hand here: 'event.n' has no meaning (of the "
	                   "event that began the run: entry.n)\n"
	                   "rules/a.yaml:13:15: there is no event at hand here: 'event.n' has no meaning (of the "
	                   "event that began the run: entry.n)\n"
	                   "rules/a.yaml:15:15: there is no event at hand here: 'event.n' has no meaning (of the "
	                   "event that began the run: entry.n)");
}

static void marketing_email_names_its_sender(void **state)
{
	static const char *const files[] = {
		"rules/a.yaml",
			"campaign: x\nenter: { by_hand: true }\nsteps: [ email: bare, email: bare ]\n---\npolicy:\n "
			" sender: { name: A }\n",
		"templates/bare/email.html", "---\nsubject: Hi\nlayout: none\n---\n<html><body>Hi</body></html>\n",
			NULL };

	(void)state;
	assert_says(files,
	            "rules/a.yaml:3:17: marketing email needs a postal address: give policy a sender with an "
	            "address (or the step 'kind: service')\n"
	            "rules/a.yaml:3:17: templates/bare/email.html has no way to unsubscribe: put {{ unsubscribe_url "
	            "}} into it or its layout\n"
	            "rules/a.yaml:3:17: templates/bare/email.html lacks our postal address: put {{ sender.address "
	            "}} into it or its layout");
}

static void the_configuration_is_known(void **state)
{
	static const char *const files[] = {
		"rules/a.yaml",
			"campaign: x\nenter: { by_hand: true }\nsteps: [ sms: questions, whatsapp: questions, "
			"webhook: crn ]\n", QUESTIONS,
		"templates/questions/whatsapp.txt", "Hi\n", NULL };
	static const char *const channels[] = { "email", "whatsapp", NULL }, *const webhooks[] = { "crm", NULL };
	struct loaded loaded = load_with(files, channels, webhooks);

	(void)state;
	assert_string_equal(loaded.says->str, "rules/a.yaml:3:10: channel 'sms' is not configured\n"
	                                      "rules/a.yaml:3:56: unknown webhook 'crn' (did you mean 'crm'?)");
	unload(&loaded);
}

static void a_folder_of_its_own_wins(void **state)
{
	static const char *const files[] = { "rules/a.yaml", "policy:\n  time_zone: UTC\n",
		"rules/templates/hi/sms.txt", "own\n",
		"templates/hi/sms.txt", "configured\n", NULL };
	struct loaded loaded = load_files(files);

	(void)state;
	assert_string_equal(loaded.says->str, "");
	assert_string_equal(nt_message_template_path(nt_template_set_find(loaded.program->templates, "hi", "sms",
	                                                                  NULL)),
	                    "rules/templates/hi/sms.txt");
	unload(&loaded);
}

static void the_reference_holds_every_key(void **state)
{
	static const char *const keys[] = { "give_up_after", "half_life", "hand_off", "wait_until", "not_again_for",
		"cooldown", NULL };

	(void)state;
	for (int man = 0; man < 2; man++) {
		GString *out = g_string_new(NULL);

		nt_rules_reference(out, man);
		for (unsigned i = 0; keys[i] != NULL; i++)
			if (strstr(out->str, keys[i]) == NULL)
				fail_msg("%s is missing", keys[i]);
		g_string_free(out, TRUE);
	}
}

static int end(void **state)
{
	(void)state;
	zones_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_slots),
		cmocka_unit_test(policy_and_channels),
		cmocka_unit_test(scoring),
		cmocka_unit_test(sales),
		cmocka_unit_test(ways_in_and_out),
		cmocka_unit_test(steps),
		cmocka_unit_test(split_and_waits),
		cmocka_unit_test(dates_and_broadcasts),
		cmocka_unit_test(the_hash_is_of_the_sources),
		cmocka_unit_test(all_errors_in_one_run),
		cmocka_unit_test(a_broken_file_stops_no_other),
		cmocka_unit_test(what_depends_on_itself),
		cmocka_unit_test(the_event_at_hand_ends_with_the_next_wait),
		cmocka_unit_test(marketing_email_names_its_sender),
		cmocka_unit_test(the_configuration_is_known),
		cmocka_unit_test(a_folder_of_its_own_wins),
		cmocka_unit_test(the_reference_holds_every_key),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, end);
}
