/* Templates as leads get them: values that a lead may lack, no way to call us, and templates that nothing uses. */
#include "rules/warn.h"

#include "base/arena.h"
#include "template/message.h"

#include <string.h>

/* ---- each message, once ---- */

struct messages {
	struct nt_warner *w;
	GHashTable *seen; /* struct nt_message_template * */
	void (*see)(struct nt_warner *w, const struct nt_message_template *message, const struct nt_step *step,
		    void *user);
	void *user;
	GHashTable *by_name; /* "welcome\nemail" → GPtrArray of struct nt_message_template * */
};

static void show_way(struct messages *messages, const struct nt_step *step, int channel, const char *name)
{
	char *key = g_strconcat(name, "\n", messages->w->program->channels[channel].name, NULL);
	const GPtrArray *list = g_hash_table_lookup(messages->by_name, key);

	g_free(key);
	for (unsigned i = 0; list != NULL && i < list->len; i++)
		if (g_hash_table_add(messages->seen, g_ptr_array_index(list, i)))
			messages->see(messages->w, g_ptr_array_index(list, i), step, messages->user);
}

static void sort_by_name(struct messages *messages)
{
	const struct nt_message_template *message;

	for (unsigned i = 0; (message = nt_template_set_peek(messages->w->program->templates, i)) != NULL; i++) {
		char *key = g_strconcat(nt_message_template_name(message), "\n", nt_message_template_channel(message),
		                        NULL);
		GPtrArray *list = g_hash_table_lookup(messages->by_name, key);

		if (list == NULL) {
			list = g_ptr_array_new();
			g_hash_table_insert(messages->by_name, g_strdup(key), list);
		}
		g_ptr_array_add(list, (gpointer)(uintptr_t)message);
		g_free(key);
	}
}

void nt_warn_each_message(struct nt_warner *w,
                          void (*see)(struct nt_warner *w, const struct nt_message_template *message,
                                      const struct nt_step *step, void *user),
                          void *user)
{
	struct messages messages = { .w = w, .see = see, .user = user, .seen = g_hash_table_new(NULL, NULL) };

	messages.by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	sort_by_name(&messages);
	for (unsigned c = 0; c < w->program->n_campaigns; c++)
		for (unsigned i = 0; i < w->program->campaigns[c].n_steps; i++) {
			const struct nt_step *step = &w->program->campaigns[c].steps[i];

			if (step->kind == NT_STEP_MESSAGE)
				show_way(&messages, step, step->channel, step->name);
			for (unsigned k = 0; k < step->n_choices; k++)
				show_way(&messages, step, step->choices[k].channel, step->choices[k].name);
		}
	g_hash_table_destroy(messages.by_name);
	g_hash_table_destroy(messages.seen);
}

/* ---- values ---- */

static bool is_given(const struct nt_step *step, const char *name)
{
	for (unsigned i = 0; i < step->n_assignments; i++)
		if (strcmp(step->assignments[i].name, name) == 0)
			return true;
	return false;
}

/* What every lead has that the message goes to. */
static bool is_sure(struct nt_warner *w, const struct nt_message_template *message, int field)
{
	int channel = nt_program_channel(w->program, nt_message_template_channel(message));

	return field == NT_FIELD_ID || field == NT_FIELD_CREATED_AT ||
	       (channel >= 0 && w->program->channels[channel].address_field == field);
}

/* Beside the lead's fields (engine/message.c), and links, which whoever writes the message adds. */
static const char *const others[] = { "score", "fit", "engagement", "level", "stage", "tags", "owner", "sender",
				     "event",
	"entry", NULL };

struct look {
	bool missed;      /* the sender's telephone was said to be missing */
	bool nameless;    /* and the sender's address */
	GHashTable *with; /* what any step gives */
	GPtrArray *names; /* all that a template may ask for, NULL-terminated */
	GHashTable *folded; /* the same: folded() → name */
};

/* A template may ask whether there is such a thing, and do without: then only what looks like a slip counts. */
static void look_at_name(struct nt_warner *w, const struct look *look, const char *root,
                         const struct nt_message_variable *variable)
{
	const char *nearest;

	if (g_hash_table_contains(look->with, root) || g_strv_contains(others, root) || g_str_has_suffix(root, "_url"))
		return;
	nearest = nt_nearest(root, (const char *const *)look->names->pdata);
	if (nearest == NULL && variable->has_default)
		return;
	nt_diags_warning(w->diags, NT_CODE_UNKNOWN_VARIABLE, variable->span,
	                 "nothing gives the template a value '%s'%s%s%s", root,
	                 nearest != NULL ? " (did you mean '" : " (fields are declared under 'fields', others come by "
	                 "'with')",
	                 nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
}

static void look_at_variable(struct nt_warner *w, const struct look *look, const struct nt_message_template *message,
                             const struct nt_step *step, const struct nt_message_variable *variable)
{
	size_t length = strcspn(variable->path, ".[");
	char *root = g_strndup(variable->path, length);
	int field = nt_program_field(w->program, root);

	if (field < 0 && variable->span.source != NULL)
		look_at_name(w, look, root, variable);
	if (field >= 0 && !variable->has_default && variable->span.source != NULL && !is_sure(w, message, field) &&
	    !is_given(step, root))
		nt_diags_warning(w->diags, NT_CODE_NO_DEFAULT, variable->span,
		                 "a lead may have no '%s': write {{ %s | default: \"…\" }}, or put the sentence into "
		                 "{%% if %s %%} … {%% endif %%}",
		                 root, variable->path, root);
	g_free(root);
}

/* ---- the telephone ---- */

static bool wants_number(const struct nt_message_template *message)
{
	static const char *const channels[] = { "email", "letter", "fax", NULL };

	return g_strv_contains(channels, nt_message_template_channel(message)) &&
	       nt_message_template_kind(message) != NT_MESSAGE_JSON;
}

static void look_at_number(struct nt_warner *w, const struct nt_message_template *message, const struct nt_step *step,
                           const struct nt_message_facts *facts, struct look *look)
{
	const struct nt_policy *policy = &w->program->policy;
	const struct nt_source *source = nt_message_template_source(message);

	if (!wants_number(message) || facts->has_number || (facts->has_phone && policy->sender_phone != NULL))
		return;
	if (facts->has_phone && !look->missed) {
		look->missed = true;
		nt_diags_warning(w->diags, NT_CODE_NO_PHONE,
		                 policy->sender_span.source != NULL ? policy->sender_span : step->span,
		                 "nobody can call us: messages invite to call {{ sender.phone }}, and policy's sender "
		                 "has no "
		                 "'phone'");
	} else if (!facts->has_phone) {
		nt_diags_warning(w->diags, NT_CODE_NO_PHONE, nt_span_of(source, 0, strcspn(source->text, "\n")),
		                 "whoever gets this cannot call us: put {{ sender.phone }} into it or its layout");
	}
}

static void look_at_sender(struct nt_warner *w, const struct nt_message_template *message, const struct nt_step *step,
                           struct look *look)
{
	const struct nt_policy *policy = &w->program->policy;

	if (look->nameless || policy->sender_email != NULL || strcmp(nt_message_template_channel(message), "email") !=
	    0)
		return;
	look->nameless = true;
	nt_diags_warning(w->diags, NT_CODE_NO_SENDER,
	                 policy->sender_span.source != NULL ? policy->sender_span : step->span,
	                 "no mail can go out: policy's sender has no 'email' for it to come from");
}

/* ---- how other tools write values ---- */

/* "First Name", FIRSTNAME and first_name are one. */
static char *folded(const char *name, size_t length)
{
	GString *out = g_string_new(NULL);

	for (size_t i = 0; i < length; i++)
		if (strchr("_- ", name[i]) == NULL)
			g_string_append_c(out, g_ascii_tolower(name[i]));
	return g_string_free(out, FALSE);
}

static const char *meant(const struct look *look, const char *name, size_t length)
{
	char *wanted = folded(name, length);
	const char *found = g_hash_table_lookup(look->folded, wanted);

	g_free(wanted);
	return found;
}

/* Of two that fold into one, the first is meant. */
static void fold_names(struct look *look)
{
	look->folded = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (unsigned i = 0; i + 1 < look->names->len; i++) {
		char *name = g_ptr_array_index(look->names, i), *key = folded(name, strlen(name));

		if (g_hash_table_contains(look->folded, key))
			g_free(key);
		else
			g_hash_table_insert(look->folded, key, name);
	}
}

#define LONGEST_FOREIGN 64

/* Up to which something of the kind stands at p, and for which value. */
static const char *foreign_at(const struct look *look, const char *p, const char *stop, const char **name)
{
	static const char *const signs[][2] = { { "{", "}" }, { "%", "%" }, { "*|", "|*" }, { "[", "]" } };

	for (size_t i = 0; i < G_N_ELEMENTS(signs); i++) {
		size_t open = strlen(signs[i][0]), close = strlen(signs[i][1]);
		const char *end = p + open;

		if (!g_str_has_prefix(p, signs[i][0]))
			continue;
		while (end < stop && end - p < LONGEST_FOREIGN && !g_str_has_prefix(end, signs[i][1]))
			end++;
		if (!g_str_has_prefix(end, signs[i][1]) ||
		    (*p == '[' && strchr("([:", end[1]) != NULL && end[1] != '\0')) /* a link */
			continue;
		*name = meant(look, p + open, (size_t)(end - p) - open);
		if (*name == NULL && *p == '*')
			*name = "first_name";
		if (*name != NULL)
			return end + close;
	}
	return NULL;
}

/* {first_name}, [First Name], *|FNAME|*: here it would go out as it is written. Once in a template. */
static void look_at_foreign(struct nt_warner *w, const struct look *look, const struct nt_message_template *message)
{
	const struct nt_source *source = nt_message_template_source(message);
	struct nt_arena *arena = nt_arena_new();
	struct nt_span subject;
	const char *prose = nt_message_template_prose(message, arena, &subject), *p = prose, *name, *end = NULL;
	const char *stop = prose + source->length;

	for (; nt_message_template_kind(message) != NT_MESSAGE_JSON && p < stop && end == NULL; p++) {
		if (*p != '{' && *p != '%' && *p != '*' && *p != '[')
			continue;
		end = foreign_at(look, p, stop, &name);
		if (end != NULL)
			nt_diags_warning(w->diags, NT_CODE_UNKNOWN_VARIABLE,
			                 nt_span_of(source, (size_t)(p - prose), (size_t)(end - p)),
			                 "this goes out as it is written: a value stands between two braces, as in "
			                 "{{ %s }}", name);
	}
	nt_arena_free(arena);
}

static void look_at_message(struct nt_warner *w, const struct nt_message_template *message, const struct nt_step *step,
                            void *user)
{
	struct nt_message_facts facts = { 0 };

	nt_message_template_check(message, w->arena, w->diags, &facts);
	for (unsigned i = 0; i < facts.n; i++)
		look_at_variable(w, user, message, step, &facts.variables[i]);
	look_at_foreign(w, user, message);
	look_at_number(w, message, step, &facts, user);
	look_at_sender(w, message, step, user);
}

void nt_warn_templates(struct nt_warner *w)
{
	const struct nt_program *program = w->program;
	struct look look = { .with = g_hash_table_new(g_str_hash, g_str_equal), .names = g_ptr_array_new() };
	GHashTableIter iter;
	gpointer name;

	for (unsigned c = 0; c < program->n_campaigns; c++)
		for (unsigned i = 0; i < program->campaigns[c].n_steps; i++) {
			const struct nt_step *step = &program->campaigns[c].steps[i];

			for (unsigned k = 0; k < step->n_assignments; k++)
				if (step->assignments[k].field < 0)
					g_hash_table_add(look.with, (gpointer)(uintptr_t)step->assignments[k].name);
		}
	for (unsigned i = 0; i < program->n_fields; i++)
		g_ptr_array_add(look.names, (gpointer)(uintptr_t)program->fields[i].name);
	for (unsigned i = 0; others[i] != NULL; i++)
		g_ptr_array_add(look.names, (gpointer)(uintptr_t)others[i]);
	g_hash_table_iter_init(&iter, look.with);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(look.names, name);
	g_ptr_array_add(look.names, NULL);
	fold_names(&look);
	nt_warn_each_message(w, look_at_message, &look);
	g_hash_table_destroy(look.folded);
	g_ptr_array_free(look.names, TRUE);
	g_hash_table_destroy(look.with);
}

/* ---- what nothing uses ---- */

static void see_name(GHashTable *used, const struct nt_yaml *node)
{
	if (node->type == NT_YAML_SCALAR)
		g_hash_table_add(used, (gpointer)(uintptr_t)node->text);
	for (const struct nt_yaml *item = node->type != NT_YAML_SCALAR ? node->first : NULL; item != NULL;
	     item = item->next)
		see_name(used, item);
}

static void see_part(const struct nt_expr *e, void *user)
{
	GHashTable **used = user;

	if (e->op == NT_OP_IN_SEGMENT)
		g_hash_table_add(used[0], GINT_TO_POINTER(e->slot + 1));
	if (e->name != NULL)
		g_hash_table_add(used[1], (gpointer)(uintptr_t)e->name);
}

static void see_expr(struct nt_warner *w, const struct nt_expr *e, void *user)
{
	(void)w;
	nt_warn_each_part(e, see_part, user);
}

/* A template is used where any key of the rules has its name as a value: whichever key that is. */
void nt_warn_unused(struct nt_warner *w)
{
	const struct nt_program *program = w->program;
	const struct nt_message_template *message;
	GHashTable *used[2] = { g_hash_table_new(NULL, NULL), g_hash_table_new(g_str_hash, g_str_equal) };

	nt_warn_each_expr(w, see_expr, used);
	for (unsigned i = 0; i < w->l->documents->len; i++)
		see_name(used[1], g_array_index(w->l->documents, struct nt_document, i).node);
	for (unsigned i = 0; i < program->n_segments; i++)
		if (!g_hash_table_contains(used[0], GINT_TO_POINTER(i + 1)))
			nt_diags_warning(w->diags, NT_CODE_UNUSED_SEGMENT, program->segments[i].span,
			                 "no rule asks for segment '%s'",
			                 program->segments[i].name);
	for (unsigned i = 0; (message = nt_template_set_peek(program->templates, i)) != NULL; i++) {
		const char *name = nt_message_template_name(message);
		const struct nt_source *source = nt_message_template_source(message);

		if (nt_program_channel(program, nt_message_template_channel(message)) < 0)
			nt_diags_warning(w->diags, NT_CODE_UNUSED_TEMPLATE,
			                 nt_span_of(source, 0, strcspn(source->text, "\n")),
			                 "no rule sends this: the rules know no channel '%s'",
			                 nt_message_template_channel(message));
		else if (g_hash_table_add(used[1], (gpointer)(uintptr_t)name))
			nt_diags_warning(w->diags, NT_CODE_UNUSED_TEMPLATE,
			                 nt_span_of(source, 0, strcspn(source->text, "\n")),
			                 "no rule sends template '%s'", name);
	}
	g_hash_table_destroy(used[0]);
	g_hash_table_destroy(used[1]);
}
