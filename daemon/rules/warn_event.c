/* Events of our own that nothing brings about, and names that they never carry. What comes from outside is not ours to
 * know: of declared events nothing is said. */
#include "rules/warn.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

struct known {
	struct nt_warner *w;
	const char **never; /* by event: why nothing brings it about, or NULL */
	bool *sends;        /* by channel: a step does */
	bool *links;        /* by channel: something that is sent there has a link */
	bool hands_off, has_goal, has_task, messages;
};

/* ---- what the rules do ---- */

static bool has_link(struct nt_warner *w, const char *name, const char *channel)
{
	const struct nt_message_template *message;

	for (unsigned i = 0; (message = nt_template_set_peek(w->program->templates, i)) != NULL; i++)
		if (strcmp(nt_message_template_name(message), name) == 0 &&
		    (channel == NULL || strcmp(nt_message_template_channel(message), channel) == 0) &&
		    nt_message_template_has_link(message))
			return true;
	return false;
}

static void see_message(struct known *known, int channel, const char *template)
{
	if (channel < 0)
		return;
	known->sends[channel] = known->messages = true;
	if (!known->links[channel] && template != NULL)
		known->links[channel] = has_link(known->w, template, known->w->program->channels[channel].name);
}

static void see_step(struct known *known, const struct nt_step *step)
{
	if (step->kind == NT_STEP_MESSAGE)
		see_message(known, step->channel, step->name);
	else if (step->kind == NT_STEP_WEBHOOK)
		see_message(known, step->channel, NULL);
	for (unsigned i = 0; i < step->n_choices; i++)
		see_message(known, step->choices[i].channel, step->choices[i].name);
	known->hands_off = known->hands_off || step->kind == NT_STEP_HAND_OFF;
	known->has_task = known->has_task || step->kind == NT_STEP_TASK;
}

/* ---- what follows for events ---- */

static const char *why_channel(struct known *known, int channel, const char *verb)
{
	static const char *const of_ours[] = { "sent", "delivered", "opened", "clicked", "bounced", NULL };
	const char *name = known->w->program->channels[channel].name;
	const char *const *configured = known->w->context->channels;

	if (strcmp(name, "webhook") == 0)
		return NULL;
	if (configured != NULL && !g_strv_contains(configured, name))
		return nt_arena_printf(known->w->arena, "channel '%s' is not configured", name);
	/* people also write, or say no, by themselves */
	if (!known->sends[channel] && g_strv_contains(of_ours, verb))
		return nt_arena_printf(known->w->arena, "no step sends anything by %s", name);
	if (strcmp(verb, "clicked") == 0 && !known->links[channel])
		return nt_arena_printf(known->w->arena, "no template that is sent by %s has a link to click", name);
	return NULL;
}

static const char *why_never(struct known *known, const struct nt_event_type *event)
{
	const struct nt_program *program = known->w->program;
	bool queue = known->hands_off || program->sales.n_ready > 0;
	const char *dot = strchr(event->name, '.');
	char *noun;
	int channel;

	if (!event->builtin)
		return NULL;
	if (strcmp(event->name, "score.crossed") == 0)
		return program->n_levels == 0 ? "scoring has no levels to cross" : NULL;
	if (strcmp(event->name, "message.skipped") == 0)
		return !known->messages ? "no step sends a message" : NULL;
	if (strcmp(event->name, "task.done") == 0)
		return !known->has_task ? "no step is a 'task'" : NULL;
	if (strcmp(event->name, "campaign.reached_goal") == 0)
		return !known->has_goal ? "no campaign has a goal" : NULL;
	if (strcmp(event->name, "lead.ready") == 0 || strcmp(event->name, "lead.offered") == 0 ||
	    strcmp(event->name, "lead.accepted") == 0 || strcmp(event->name, "lead.sent_back") == 0 ||
	    g_str_has_prefix(event->name, "deal."))
		return !queue ? "no lead gets into the queue ('sales' has no 'ready', and no step is a 'hand_off')" :
			NULL;
	noun = g_strndup(event->name, (gsize)(dot - event->name));
	channel = nt_program_channel(program, noun);
	g_free(noun);
	return channel >= 0 ? why_channel(known, channel, dot + 1) : NULL;
}

/* ---- who waits for them ---- */

static void look_at(struct known *known, int event, struct nt_span span)
{
	if (event >= 0 && known->never[event] != NULL)
		nt_diags_warning(known->w->diags, NT_CODE_NEVER_HAPPENS, span,
		                 "'%s' never happens: %s", known->w->program->events[event].name,
		                 known->never[event]);
}

static void look_at_ways_out(struct known *known, const struct nt_way_out *ways, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		look_at(known, ways[i].event, ways[i].span);
}

static bool goes_by(const struct nt_step *step, int channel)
{
	if (step->kind == NT_STEP_MESSAGE)
		return step->channel == channel;
	for (unsigned i = 0; step->kind == NT_STEP_FIRST_OF && i < step->n_choices; i++)
		if (step->choices[i].channel == channel)
			return true;
	return false;
}

/* The run ends with a message, and what is told of that message begins the next one. */
static void look_at_round(struct known *known, const struct nt_campaign *campaign, const struct nt_enter *way)
{
	const struct nt_program *program = known->w->program;
	const char *event = program->events[way->event].name, *dot = strchr(event, '.');
	char *name = dot != NULL ? g_strndup(event, (gsize)(dot - event)) : NULL;
	int channel = name != NULL ? nt_program_channel(program, name) : -1;
	bool comes = channel >= 0 && (strcmp(dot, ".sent") == 0 || strcmp(dot, ".delivered") == 0) &&
	             campaign->again == NT_AGAIN_ALWAYS && !campaign->has_cooldown && way->condition == NULL;

	for (unsigned i = 0; comes && i < campaign->n_steps; i++)
		if (campaign->steps[i].parent < 0 && campaign->steps[i].next < 0 &&
		    goes_by(&campaign->steps[i], channel)) {
			nt_diags_warning(known->w->diags, NT_CODE_BEGINS_ITSELF, way->span,
			                 "each message of this campaign's begins it anew, without end: add if: "
			                 "event.campaign != \"%s\"",
			                 campaign->name);
			comes = false;
		}
	g_free(name);
}

static void look_at_campaign(struct known *known, const struct nt_campaign *campaign)
{
	for (unsigned i = 0; i < campaign->n_enter; i++)
		if (campaign->enter[i].kind == NT_ENTER_ON) {
			look_at(known, campaign->enter[i].event, campaign->enter[i].span);
			look_at_round(known, campaign, &campaign->enter[i]);
		}
	look_at_ways_out(known, campaign->goals, campaign->n_goals);
	look_at_ways_out(known, campaign->exits, campaign->n_exits);
	for (unsigned i = 0; i < campaign->n_steps; i++)
		for (unsigned e = 0; e < campaign->steps[i].n_events; e++)
			look_at(known, campaign->steps[i].events[e], campaign->steps[i].span);
}

/* ---- names that are compared ---- */

/* Events of ours carry it, and none that is declared. */
static bool is_ours(const struct nt_program *program, const char *property)
{
	bool ours = false;

	for (unsigned i = 0; i < program->n_events; i++) {
		if (nt_program_property(&program->events[i], property) < 0)
			continue;
		if (!program->events[i].builtin)
			return false;
		ours = true;
	}
	return ours;
}

static const char *const *copied(const char *const *names)
{
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	return g_memdup2(names, (n + 1) * sizeof *names);
}

static const char *const *names_of(struct known *known, const char *property, const char **what)
{
	const struct nt_program *program = known->w->program;

	if (!is_ours(program, property))
		return NULL;
	*what = property;
	if (strcmp(property, "campaign") == 0)
		return nt_load_names(program->campaigns, program->n_campaigns, sizeof(struct nt_campaign),
		                     offsetof(struct nt_campaign, name));
	return strcmp(property, "template") == 0 ? copied(nt_template_set_names(program->templates)) : NULL;
}

static const char *const *stages_of(struct known *known)
{
	static const char *const ours[] = { "lead", "sales_ready", "customer" };
	const struct nt_program *program = known->w->program;
	GPtrArray *names = g_ptr_array_new();

	for (unsigned i = 0; i < G_N_ELEMENTS(ours); i++)
		g_ptr_array_add(names, (gpointer)(uintptr_t)ours[i]);
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++)
			if (program->campaigns[c].steps[i].kind == NT_STEP_STAGE)
				g_ptr_array_add(names, (gpointer)(uintptr_t)program->campaigns[c].steps[i].name);
	for (unsigned i = 0; i < program->sales.n_reasons; i++)
		if (program->sales.reasons[i].stage != NULL)
			g_ptr_array_add(names, (gpointer)(uintptr_t)program->sales.reasons[i].stage);
	g_ptr_array_add(names, NULL);
	return (const char *const *)g_ptr_array_free(names, FALSE);
}

static void look_at_text(struct known *known, const struct nt_expr *e, const char *text, const char *const *names,
                         const char *what)
{
	const char *nearest;

	if (g_strv_contains(names, text))
		return;
	nearest = nt_nearest(text, names);
	nt_diags_warning(known->w->diags, NT_CODE_NO_SUCH_NAME, e->span, "%s '%s'%s%s%s",
	                 strcmp(what, "stage") == 0 ? "no rule gives a lead the stage" :
	                 strcmp(what, "campaign") == 0 ? "there is no campaign" : "there is no template",
	                 text, nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
	                 nearest != NULL ? "'?)" : "");
}

static void look_at_comparison(struct known *known, const struct nt_expr *e)
{
	const char *const *names = NULL;
	const char *what = "stage";

	if (e->a == NULL || e->b == NULL)
		return;
	if (e->a->op == NT_OP_EVENT_PROPERTY || e->a->op == NT_OP_ENTRY_PROPERTY)
		names = names_of(known, e->a->name, &what);
	else if (e->a->op == NT_OP_STANDING && e->a->slot == NT_STANDING_STAGE)
		names = stages_of(known);
	if (names == NULL)
		return;
	if ((e->op == NT_OP_EQUAL || e->op == NT_OP_NOT_EQUAL) && e->b->op == NT_OP_LITERAL)
		look_at_text(known, e->b, e->b->literal.text, names, what);
	for (unsigned i = 0; (e->op == NT_OP_IN || e->op == NT_OP_NOT_IN) && i < e->b->n_items; i++)
		look_at_text(known, e->b, e->b->items[i].text, names, what);
	g_free((gpointer)(uintptr_t)names);
}

static bool is_sent(const struct nt_program *program, const char *template)
{
	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++) {
			const struct nt_step *step = &program->campaigns[c].steps[i];

			if (g_strcmp0(step->name, template) == 0)
				return true;
			for (unsigned k = 0; k < step->n_choices; k++)
				if (strcmp(step->choices[k].name, template) == 0)
					return true;
		}
	return false;
}

static void look_at_template(struct known *known, const struct nt_expr *e)
{
	if (!is_sent(known->w->program, e->name))
		nt_diags_warning(known->w->diags, NT_CODE_NEVER_HAPPENS, e->span,
		                 "nobody receives '%s': no step sends it", e->name);
	else if (e->op == NT_OP_CLICKED && !has_link(known->w, e->name, NULL))
		nt_diags_warning(known->w->diags, NT_CODE_NEVER_HAPPENS, e->span,
		                 "nobody clicks in '%s': it has no link", e->name);
}

static void look_at_part(const struct nt_expr *e, void *user)
{
	struct known *known = user;

	switch (e->op) {
	case NT_OP_DID:
	case NT_OP_COUNT:
	case NT_OP_FIRST:
	case NT_OP_LAST:
		look_at(known, e->slot, e->span);
		break;
	case NT_OP_TOTAL:
	case NT_OP_LAST_VALUE:
		look_at(known, e->op == NT_OP_TOTAL && e->has_duration ? e->slot :
		               known->w->program->stats[e->slot].event, e->span);
		break;
	case NT_OP_RECEIVED:
	case NT_OP_OPENED:
	case NT_OP_CLICKED:
	case NT_OP_REPLIED:
		look_at_template(known, e);
		break;
	default:
		look_at_comparison(known, e);
		break;
	}
}

static void look_at_expr(struct nt_warner *w, const struct nt_expr *e, void *user)
{
	(void)w;
	nt_warn_each_part(e, look_at_part, user);
}

void nt_warn_events(struct nt_warner *w)
{
	const struct nt_program *program = w->program;
	struct known known = { .w = w, .never = nt_arena_array(w->arena, const char *, program->n_events),
		               .sends = nt_arena_array(w->arena, bool, program->n_channels),
		               .links = nt_arena_array(w->arena, bool, program->n_channels) };

	for (unsigned c = 0; c < program->n_campaigns; c++) {
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++)
			see_step(&known, &program->campaigns[c].steps[i]);
		known.has_goal = known.has_goal || program->campaigns[c].n_goals > 0;
	}
	for (unsigned i = 0; i < program->n_events; i++)
		known.never[i] = why_never(&known, &program->events[i]);
	for (unsigned c = 0; c < program->n_campaigns; c++)
		look_at_campaign(&known, &program->campaigns[c]);
	for (unsigned i = 0; i < program->n_engagement; i++)
		look_at(&known, program->engagement[i].event, program->engagement[i].span);
	for (unsigned i = 0; i < program->sales.n_ready; i++)
		look_at(&known, program->sales.ready[i].event, program->sales.ready[i].span);
	nt_warn_each_expr(w, look_at_expr, &known);
}
