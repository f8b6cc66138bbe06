#include "channel/render.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/zone.h"
#include "channel/channel.h"
#include "channel/links.h"
#include "rules/program.h"

#include <string.h>

#define REP_LINK_LASTS (30 * NT_DAY)
#define CONFIRM_LINK_LASTS (30 * NT_DAY)

static void add_text(struct nt_arena *arena, struct nt_json *object, const char *key, const char *text)
{
	struct nt_json *node = nt_arena_new0(arena, struct nt_json), **last = &object->first;

	node->type = NT_JSON_TEXT;
	node->key = key;
	node->text = text;
	node->length = strlen(text);
	while (*last != NULL)
		last = &(*last)->next;
	*last = node;
	object->n++;
}

static const char *make_link(struct nt_arena *arena, const struct nt_links *links, const struct nt_link *link)
{
	GString *url = g_string_new(NULL);
	const char *copy;

	nt_links_make(links, link, url);
	copy = nt_arena_strndup(arena, url->str, url->len);
	g_string_free(url, TRUE);
	return copy;
}

/* Whoever may say no gets a link that does. It names the message: the outbox knows the lead and the address. */
static void add_unsubscribe(struct nt_delivery *delivery, const struct nt_links *links, struct nt_json *variables,
                            struct nt_letter *out)
{
	struct nt_link link = { .kind = NT_LINK_UNSUBSCRIBE, .expires = NT_NEVER };

	g_strlcpy(link.id, delivery->row.message.id, sizeof link.id);
	out->unsubscribe_url = make_link(delivery->arena, links, &link);
	add_text(delivery->arena, variables, "unsubscribe_url", out->unsubscribe_url);
}

/* Double opt-in: whoever reads what goes to that address says there that it may be used. */
static void add_confirm(struct nt_delivery *delivery, const struct nt_links *links, struct nt_json *variables)
{
	const struct nt_message *message = &delivery->row.message;
	struct nt_link link = { .kind = NT_LINK_CONFIRM, .expires = message->released + CONFIRM_LINK_LASTS };

	g_strlcpy(link.id, message->id, sizeof link.id);
	add_text(delivery->arena, variables, "confirm_url", make_link(delivery->arena, links, &link));
}

static void add_offer(struct nt_delivery *delivery, const struct nt_links *links, struct nt_json *variables)
{
	const struct nt_message *message = &delivery->row.message;
	struct nt_link link = { .kind = NT_LINK_REP, .action = 'a', .number = message->offer,
		                .expires = message->released + REP_LINK_LASTS };

	g_strlcpy(link.id, message->lead, sizeof link.id);
	g_strlcpy(link.name, message->rep, sizeof link.name);
	add_text(delivery->arena, variables, "accept_url", make_link(delivery->arena, links, &link));
	link.action = 's';
	add_text(delivery->arena, variables, "send_back_url", make_link(delivery->arena, links, &link));
}

/* As long as the task is kept, and is this rep's. */
static void add_task(struct nt_delivery *delivery, const struct nt_links *links, struct nt_json *variables,
                     const char *id)
{
	struct nt_link link = { .kind = NT_LINK_TASK, .expires = NT_NEVER };

	g_strlcpy(link.id, id, sizeof link.id);
	g_strlcpy(link.name, delivery->row.message.rep, sizeof link.name);
	add_text(delivery->arena, variables, "task_url", make_link(delivery->arena, links, &link));
}

/* Good as long as the rules have the rep. */
static void add_calendar(struct nt_delivery *delivery, const struct nt_links *links, struct nt_json *variables)
{
	struct nt_link link = { .kind = NT_LINK_CALENDAR, .expires = NT_NEVER };

	g_strlcpy(link.name, delivery->row.message.rep, sizeof link.name);
	add_text(delivery->arena, variables, "calendar_url", make_link(delivery->arena, links, &link));
}

static const struct nt_message_template *find_template(const struct nt_delivery *delivery)
{
	const struct nt_message *message = &delivery->row.message;
	const char *channel = nt_message_channel(message);
	const struct nt_message_template *found = NULL;

	if (message->template_hash != NULL)
		found = nt_template_set_find_hash(delivery->templates, message->template_hash);
	if (found == NULL)
		found = nt_template_set_find(delivery->templates, message->template_name, channel, message->locale);
	return found;
}

/* Whoever gets it must see that no lead did: in the subject, else at the very beginning. */
static void mark_test(struct nt_arena *arena, struct nt_letter *out)
{
	static const char mark[] = "[Test] ";
	struct nt_rendered *rendered = &out->rendered;
	struct nt_rendered_header *headers = nt_arena_array(arena, struct nt_rendered_header, rendered->n_headers + 1);

	if (rendered->n_headers > 0)
		memcpy(headers, rendered->headers, rendered->n_headers * sizeof *headers);
	headers[rendered->n_headers++] = (struct nt_rendered_header){ "X-Test-Message", "yes" };
	rendered->headers = headers;
	if (rendered->subject != NULL) {
		rendered->subject = nt_arena_printf(arena, "%s%s", mark, rendered->subject);
		return;
	}
	if (rendered->text != NULL)
		rendered->text = nt_arena_printf(arena, "%s%s", mark, rendered->text);
	if (rendered->html != NULL)
		rendered->html = nt_arena_printf(arena, "<p>%s</p>\n%s", mark, rendered->html);
}

/* What the step attaches, by the rules that released the message. */
static void find_attachments(const struct nt_delivery *delivery, struct nt_letter *out)
{
	const struct nt_message *message = &delivery->row.message;
	int campaign, step;

	if (strcmp(message->channel, "email") != 0 || message->rep != NULL || message->campaign == NULL ||
	    message->step == NULL)
		return;
	campaign = nt_program_campaign(delivery->program, message->campaign);
	step = campaign >= 0 ? nt_campaign_step(&delivery->program->campaigns[campaign], message->step) : -1;
	if (step < 0)
		return;
	out->attachments = delivery->program->campaigns[campaign].steps[step].attachments;
	out->n_attachments = delivery->program->campaigns[campaign].steps[step].n_attachments;
}

/* Released ones keep their content (II.7) as long as it is there; a text changed since is better than none. */
bool nt_letter_render(struct nt_delivery *delivery, const struct nt_links *links, struct nt_letter *out,
                      const char **why)
{
	const struct nt_message *message = &delivery->row.message;
	struct nt_arena *arena = delivery->arena;
	struct nt_message_input input = { .now = message->released };
	const struct nt_message_template *found = find_template(delivery);
	const struct nt_zones *zones = delivery->program->zones;
	struct nt_json_error error;
	const struct nt_json *sender;
	struct nt_json *variables;
	const char *zone, *task;

	memset(out, 0, sizeof *out);
	if (found == NULL) {
		*why = nt_arena_printf(arena, "template '%s' for %s is no longer there", message->template_name,
		                       message->channel);
		return false;
	}
	variables = nt_json_parse(arena, message->values, strlen(message->values), &error);
	if (variables == NULL || variables->type != NT_JSON_OBJECT) {
		*why = "the message's values are damaged";
		return false;
	}
	if (!message->service && message->rep == NULL)
		add_unsubscribe(delivery, links, variables, out);
	if (message->service && message->rep == NULL && message->address != NULL && message->address[0] != '\0')
		add_confirm(delivery, links, variables);
	if (message->rep != NULL && message->offer != 0)
		add_offer(delivery, links, variables);
	task = message->rep != NULL ? nt_json_text(nt_json_get(variables, "task"), "id") : NULL;
	if (task != NULL)
		add_task(delivery, links, variables, task);
	if (message->rep != NULL && nt_json_get(variables, "announcement") != NULL)
		add_calendar(delivery, links, variables);
	zone = nt_json_text(variables, "time_zone");
	input.zone = zone != NULL ? zones->find(zones, zone) : zones->find(zones, delivery->program->policy.time_zone);
	input.variables = out->variables = variables;
	if (!nt_message_render(found, arena, &input, &out->rendered, why))
		return false;
	if (delivery->is_test)
		mark_test(arena, out);
	out->to = message->address;
	out->to_name = message->address_name;
	sender = nt_json_get(variables, "sender");
	out->from = sender != NULL && nt_json_text(sender, "email") ? nt_json_text(sender, "email")
	                                                            : delivery->program->policy.sender_email;
	out->from_name = out->rendered.from_name != NULL && out->rendered.from_name[0] != '\0' ? out->rendered.from_name
	                 : sender != NULL && nt_json_text(sender, "name") ? nt_json_text(sender, "name")
	                                                                  : delivery->program->policy.sender_name;
	out->phone = delivery->program->policy.sender_phone;
	find_attachments(delivery, out);
	return true;
}
