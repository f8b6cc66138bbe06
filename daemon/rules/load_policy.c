/* policy, and the channels that it governs. */
#define NT_DIAG_CODE NT_CODE_WRONG_VALUE

#include "rules/loader.h"

#include "base/arena.h"
#include "rules/program_make.h"

#include <string.h>

/* The channels that there are without any configuration. Email and letters may go until a lead refuses; whatever rings
 * or shows up on a person's phone needs consent first. */
static const struct nt_channel_policy builtin_channels[] = {
	{ .name = "email", .address_field = NT_FIELD_EMAIL },
	{ .name = "sms", .address_field = NT_FIELD_PHONE, .opt_in = true },
	{ .name = "voice", .address_field = NT_FIELD_PHONE, .opt_in = true },
	{ .name = "fax", .address_field = NT_FIELD_FAX, .opt_in = true },
	{ .name = "letter", .address_field = NT_FIELD_POSTAL_ADDRESS },
	{ .name = "push", .address_field = -1, .opt_in = true },
	{ .name = "social", .address_field = -1, .opt_in = true },
	{ .name = "webhook", .address_field = -1 }, /* to a system of our own, not to the lead */
};

const char *nt_load_builtin_channel(unsigned i)
{
	return i < G_N_ELEMENTS(builtin_channels) ? builtin_channels[i].name : NULL;
}

static bool has_channel(const GArray *channels, const char *name)
{
	for (unsigned i = 0; i < channels->len; i++)
		if (strcmp(g_array_index(channels, struct nt_channel_policy, i).name, name) == 0)
			return true;
	return false;
}

static void add_channel(struct nt_loader *l, GArray *channels, const char *name)
{
	struct nt_channel_policy channel = { .address_field = -1, .opt_in = true };

	if (has_channel(channels, name))
		return;
	channel.name = nt_arena_strdup(l->arena, name);
	g_array_append_val(channels, channel);
}

/* Where the configuration isn't known, `consent` says which channels there are besides the built-in ones. */
static void add_channels_of_policy(struct nt_loader *l, GArray *channels)
{
	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *policy = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_POLICY];
		const struct nt_yaml *consent = policy != NULL ? nt_yaml_get(policy, "consent") : NULL;

		if (consent == NULL || consent->type != NT_YAML_MAPPING)
			continue;
		for (const struct nt_yaml *item = consent->first; item != NULL; item = item->next) {
			const char *names[G_N_ELEMENTS(builtin_channels) + 1] = { NULL };
			const char *name;

			for (unsigned i = 0; i < G_N_ELEMENTS(builtin_channels); i++)
				names[i] = builtin_channels[i].name;
			/* `emial: opt_out` is a slip, not a channel */
			if (!has_channel(channels, item->key->text) && nt_nearest(item->key->text, names) == NULL &&
			    nt_load_key_name(l, item->key, "channel", "-", &name))
				add_channel(l, channels, name);
		}
	}
}

void nt_load_channels(struct nt_loader *l)
{
	GArray *channels = g_array_new(FALSE, TRUE, sizeof(struct nt_channel_policy));

	g_array_append_vals(channels, builtin_channels, G_N_ELEMENTS(builtin_channels));
	if (l->context->channels != NULL)
		for (unsigned i = 0; l->context->channels[i] != NULL; i++)
			add_channel(l, channels, l->context->channels[i]);
	else
		add_channels_of_policy(l, channels);
	l->program->channels = nt_load_take(l, channels, struct nt_channel_policy, &l->program->n_channels);
	nt_program_index(l->program);
}

/* The channels are ours to write until the program is handed out. */
static struct nt_channel_policy *channel_of(struct nt_loader *l, const struct nt_yaml *item, bool to_leads)
{
	int channel = to_leads ? nt_load_way_to_leads(l, item->key) : nt_load_channel(l, item->key);

	return channel < 0 ? NULL : (struct nt_channel_policy *)(uintptr_t)&l->program->channels[channel];
}

static void load_sender(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_yaml *keys[NT_SENDER_KEYS];
	struct nt_policy *policy = &l->program->policy;

	policy->sender_span = node->key->span;
	if (!nt_keys_read(&nt_sender_keys, node, "'sender'", l->diags, keys))
		return;
	if (keys[NT_SENDER_NAME] != NULL)
		policy->sender_name = nt_arena_strdup(l->arena, keys[NT_SENDER_NAME]->text);
	if (keys[NT_SENDER_EMAIL] != NULL)
		nt_load_email(l, keys[NT_SENDER_EMAIL], &policy->sender_email);
	if (keys[NT_SENDER_ADDRESS] != NULL)
		policy->sender_address = nt_arena_strdup(l->arena, keys[NT_SENDER_ADDRESS]->text);
	else if (nt_yaml_get(node, "address") != NULL)
		l->sender_missed = true; /* wrong, and said to be */
	if (keys[NT_SENDER_PHONE] != NULL)
		policy->sender_phone = nt_arena_strdup(l->arena, keys[NT_SENDER_PHONE]->text);
}

static void load_send(struct nt_loader *l, const struct nt_yaml *node)
{
	struct nt_channel_policy *channels = (struct nt_channel_policy *)(uintptr_t)l->program->channels;
	const struct nt_yaml *everywhere = node->type == NT_YAML_MAPPING ? nt_yaml_get(node, "default") : node;
	struct nt_windows windows;

	if (everywhere != NULL && nt_load_windows(l, everywhere, &windows))
		for (unsigned i = 0; i < l->program->n_channels; i++)
			channels[i].send = windows;
	if (node->type != NT_YAML_MAPPING)
		return;
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		struct nt_channel_policy *channel = item == everywhere ? NULL : channel_of(l, item, true);

		if (channel != NULL)
			nt_load_windows(l, item, &channel->send);
	}
}

static void load_at_most(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *rates = g_array_new(FALSE, TRUE, sizeof(struct nt_rate));
	const struct nt_yaml *item = node->type == NT_YAML_SEQUENCE ? node->first : node;
	struct nt_rate rate;

	for (; item != NULL; item = node->type == NT_YAML_SEQUENCE ? item->next : NULL) {
		if (!nt_load_rate(l, item, &rate))
			continue;
		/* releases are kept one by one for the caps */
		if (rate.n > 1000)
			nt_diags_error(l->diags, item->span, "a cap is at most 1000 messages");
		else
			g_array_append_val(rates, rate);
	}
	l->program->policy.at_most = nt_load_take(l, rates, struct nt_rate, &l->program->policy.n_at_most);
}

/* rates: { voice: 100 per hour, email: [ 10 per minute, 5000 per calendar day ] } */
static void load_rates(struct nt_loader *l, const struct nt_yaml *node)
{
	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		struct nt_channel_policy *channel = channel_of(l, item, false);
		GArray *rates = g_array_new(FALSE, TRUE, sizeof(struct nt_rate));
		bool list = item->type == NT_YAML_SEQUENCE;
		struct nt_rate rate;

		for (const struct nt_yaml *one = list ? item->first : item; one != NULL; one = list ? one->next : NULL)
			if (nt_load_rate(l, one, &rate))
				g_array_append_val(rates, rate);
		if (channel != NULL)
			channel->rates = nt_load_take(l, rates, struct nt_rate, &channel->n_rates);
		else
			g_array_free(rates, TRUE);
	}
}

static gint by_day(gconstpointer a, gconstpointer b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void load_calendar(struct nt_loader *l, const struct nt_yaml *item, GArray *days)
{
	const struct nt_file *file = nt_load_other_file(l, item, "holidays/us.ics");

	if (file == NULL)
		return;
	if (l->context->calendar_days == NULL)
		nt_diags_error_as(l->diags, NT_CODE_WRONG_FILE, item->span,
		                  "iCalendar files can't be read here: list the dates");
	else
		l->context->calendar_days(nt_load_source(l, file), l->diags, days);
}

/* Each day once, in order: the gate looks them up. */
static void load_holidays(struct nt_loader *l, const struct nt_yaml *node)
{
	GArray *days = g_array_new(FALSE, TRUE, sizeof(int64_t));
	unsigned n = 0;
	int64_t day;

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		if (item->type == NT_YAML_SCALAR && g_str_has_suffix(item->text, ".ics"))
			load_calendar(l, item, days);
		else if (nt_load_date(l, item, &day))
			g_array_append_val(days, day);
	}
	g_array_sort(days, by_day);
	for (unsigned i = 0; i < days->len; i++)
		if (n == 0 || g_array_index(days, int64_t, n - 1) != g_array_index(days, int64_t, i))
			g_array_index(days, int64_t, n++) = g_array_index(days, int64_t, i);
	g_array_set_size(days, n);
	l->program->policy.holidays = nt_load_take(l, days, int64_t, &l->program->policy.n_holidays);
}

static void load_consent(struct nt_loader *l, const struct nt_yaml *node)
{
	static const char *const choices[] = { "opt_in", "opt_out", NULL };

	for (const struct nt_yaml *item = node->first; item != NULL; item = item->next) {
		struct nt_channel_policy *channel = channel_of(l, item, true);

		if (channel == NULL)
			continue;
		if (item->type != NT_YAML_SCALAR || !g_strv_contains(choices, item->text))
			nt_diags_error(l->diags, item->type == NT_YAML_SCALAR && item->length > 0 ? item->span :
			               item->key->span,
			               "consent for %s is opt_in or opt_out", channel->name);
		else
			channel->opt_in = strcmp(item->text, "opt_in") == 0;
	}
}

static void load_body(struct nt_loader *l, const struct nt_yaml *node)
{
	const struct nt_yaml *keys[NT_POLICY_KEYS];

	if (!nt_keys_read(&nt_policy_keys, node, "policy", l->diags, keys))
		return;
	if (keys[NT_POLICY_SENDER] != NULL)
		load_sender(l, keys[NT_POLICY_SENDER]);
	if (keys[NT_POLICY_TIME_ZONE] != NULL)
		nt_load_zone(l, keys[NT_POLICY_TIME_ZONE], &l->program->policy.time_zone);
	if (keys[NT_POLICY_SEND] != NULL)
		load_send(l, keys[NT_POLICY_SEND]);
	if (keys[NT_POLICY_AT_MOST] != NULL)
		load_at_most(l, keys[NT_POLICY_AT_MOST]);
	if (keys[NT_POLICY_RATES] != NULL)
		load_rates(l, keys[NT_POLICY_RATES]);
	if (keys[NT_POLICY_HOLIDAYS] != NULL)
		load_holidays(l, keys[NT_POLICY_HOLIDAYS]);
	if (keys[NT_POLICY_CONSENT] != NULL)
		load_consent(l, keys[NT_POLICY_CONSENT]);
	nt_load_scope(l, NULL, 0, NULL, 0, false);
	l->program->policy.suppress_if = nt_load_condition(l, keys[NT_POLICY_SUPPRESS_IF]);
}

void nt_load_policy(struct nt_loader *l)
{
	const struct nt_yaml *first = NULL;

	l->program->policy.time_zone = "UTC";
	for (unsigned d = 0; d < l->documents->len; d++) {
		const struct nt_yaml *node = g_array_index(l->documents, struct nt_document, d).keys[NT_DOC_POLICY];
		int line, column;

		if (node == NULL)
			continue;
		if (first == NULL) {
			first = node;
			load_body(l, node);
			continue;
		}
		nt_span_position(first->key->span, &line, &column);
		nt_diags_error_as(l->diags, NT_CODE_DECLARED_TWICE, node->key->span,
		                  "a rule set has one policy (the first is at %s:%d)",
		               first->key->span.source->path, line);
	}
}
