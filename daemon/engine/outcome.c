/* What became of messages, and what the lead has allowed us: outcomes, consent, suppression (II.3, I.7). */
#include "engine/instant.h"

#include "base/arena.h"

#include <string.h>

#define BY_RULES "rules" /* where a refusal came from */
#define BY_LINK "double opt-in" /* how a consent came */

/* ---- released, not yet known ---- */

static bool is_meant(const struct nt_pending *pending, int campaign, const char *key, int channel, bool marketing)
{
	return (campaign < 0 || pending->campaign == campaign) && (key == NULL || strcmp(pending->key, key) == 0) &&
	       (channel < 0 || pending->channel == channel) && (!marketing || pending->counts);
}

void nt_pending_cancel(struct nt_instant *in, int campaign, const char *key, int channel, bool marketing,
                       const char *why)
{
	struct nt_pending **link = &in->lead->pending;
	bool refunded = false;

	while (*link != NULL) {
		struct nt_pending *pending = *link;
		struct nt_effect *effect;

		if (!is_meant(pending, campaign, key, channel, marketing) || pending->handed) {
			pending->recalled |= is_meant(pending, campaign, key, channel, marketing);
			link = &pending->next;
			continue;
		}
		*link = pending->next;
		effect = nt_instant_effect(in, NT_EFFECT_CANCEL, "message.cancelled", why);
		effect->id = pending->message;
		if (pending->campaign >= 0)
			effect->campaign = in->program->campaigns[pending->campaign].name;
		effect->key = pending->key;
		if (pending->counts) {
			nt_ring_remove(&in->lead->releases, pending->released, 1, 0);
			refunded = true;
		}
	}
	if (refunded)
		nt_gate_ask_again(in);
}

static void settle(struct nt_lead *lead, const char *message)
{
	struct nt_pending **link = &lead->pending;

	while (*link != NULL && strcmp((*link)->message, message) != 0)
		link = &(*link)->next;
	if (*link != NULL)
		*link = (*link)->next;
}

/* ---- consent and suppression ---- */

/* address NULL: the lead's present one. True: that it was. */
static bool suppress_address(struct nt_instant *in, int channel, const char *address, bool hard, const char *why)
{
	const struct nt_channel_policy *policy = &in->program->channels[channel];
	const char *present = nt_lead_address_key(in->lead, in->arena, channel);
	const char *key = address != NULL ? nt_address_normalise(in->arena, policy->address_field, address) : present;
	struct nt_effect *effect;

	if (key == NULL || key[0] == '\0')
		return false;
	effect = nt_instant_effect(in, NT_EFFECT_SUPPRESS, "suppress",
	                           nt_arena_printf(in->arena, "%s: %s", policy->name, why));
	effect->channel = policy->name;
	effect->address = key;
	effect->hard = hard;
	if (present == NULL || strcmp(key, present) != 0)
		return false;
	if (in->lead->suppressed == NULL)
		in->lead->suppressed = nt_arena_array(in->arena, bool, in->program->n_channels);
	in->lead->suppressed[channel] = true;
	if (hard && in->lead->suppressed_hard != NULL)
		in->lead->suppressed_hard[channel] = true;
	return true;
}

/* Consent doesn't make an address exist, whichever lead it bounced for. */
static bool is_dead(const struct nt_lead *lead, int channel)
{
	return lead->suppressed_hard != NULL ? lead->suppressed_hard[channel] : lead->bounced_hard;
}

static void unsuppress_address(struct nt_instant *in, int channel)
{
	const char *key = nt_lead_address_key(in->lead, in->arena, channel);
	struct nt_effect *effect;

	if (in->lead->suppressed == NULL || !in->lead->suppressed[channel] || is_dead(in->lead, channel) || key == NULL)
		return;
	effect = nt_instant_effect(in, NT_EFFECT_UNSUPPRESS, "unsuppress", in->program->channels[channel].name);
	effect->channel = in->program->channels[channel].name;
	effect->address = key;
	in->lead->suppressed[channel] = false;
}

static void raise_about(struct nt_instant *in, int channel, const char *noun, const struct nt_input *input)
{
	struct nt_property_value properties[] = {
		{ "template", NT_TEXT_VALUE(NULL) },
		{ "campaign", NT_TEXT_VALUE(NULL) },
		{ "detail", NT_TEXT_VALUE(NULL) },
	};

	if (input != NULL) {
		properties[0].value.text = nt_arena_strdup(in->arena, input->outcome.template_name);
		properties[1].value.text = nt_arena_strdup(in->arena, input->outcome.campaign);
		properties[2].value.text = nt_arena_strdup(in->arena, input->outcome.detail);
	}
	nt_instant_raise(in, nt_arena_join(in->arena, in->program->channels[channel].name, ".", noun, NULL), properties,
	                 G_N_ELEMENTS(properties));
}

bool nt_consent_is_suppressed(const struct nt_consent *consent)
{
	return consent->state == NT_CONSENT_REFUSED && g_strcmp0(consent->from, BY_RULES) == 0;
}

/* By the lead itself: what the rules suppress isn't that. */
static bool is_refused(const struct nt_consent *consent)
{
	return consent->state == NT_CONSENT_REFUSED && !nt_consent_is_suppressed(consent);
}

/* On any channel. */
static void find_unsubscribed(struct nt_lead *lead)
{
	unsigned i;

	lead->unsubscribed = false;
	for (i = 0; i < lead->program->n_channels; i++)
		lead->unsubscribed |= is_refused(&lead->consent[i]);
}

static void consent_on(struct nt_instant *in, int channel, bool given, const char *how, const char *from)
{
	struct nt_consent *consent = &in->lead->consent[channel];
	const char *name = in->program->channels[channel].name;
	bool agreed = nt_lead_consents(in->lead, channel);
	struct nt_effect *note;

	if (!given && is_refused(consent) && g_strcmp0(from, BY_RULES) == 0)
		return; /* what the lead has said stays on record, and stops as much */
	consent->state = given ? NT_CONSENT_GIVEN : NT_CONSENT_REFUSED;
	consent->at = in->now;
	consent->how = nt_arena_strdup(in->arena, how);
	consent->from = nt_arena_strdup(in->arena, from);
	in->changed = true;
	note = nt_instant_note(in, NULL, "consent",
	                       nt_arena_printf(in->arena, "%s: %s%s%s", name, given ? "given" :
	                                       nt_consent_is_suppressed(consent) ? "suppressed" : "refused",
	                                       how != NULL ? ", " : "", how != NULL ? how : ""));
	find_unsubscribed(in->lead);
	if (given) {
		unsuppress_address(in, channel);
		return;
	}
	suppress_address(in, channel, NULL, false, how != NULL ? how : "consent refused");
	nt_pending_cancel(in, -1, NULL, channel, true, "consent refused");
	if (!agreed || !in->lead->unsubscribed || nt_lead_address(in->lead, channel) == NULL)
		return;
	note->channel = name;
	raise_about(in, channel, "unsubscribed", NULL);
}

/* Webhooks go to systems of our own: there is nothing to agree to. */
static bool is_to_people(const struct nt_channel_policy *channel)
{
	return strcmp(channel->name, "webhook") != 0;
}

void nt_consent_apply(struct nt_instant *in, int channel, bool given, const char *how, const char *from)
{
	unsigned i;

	for (i = 0; i < in->program->n_channels; i++)
		if (channel == (int)i || (channel < 0 && is_to_people(&in->program->channels[i])))
			consent_on(in, (int)i, given, how, from);
}

void nt_consent_suppress(struct nt_instant *in, const char *what, const char *how)
{
	int channel = nt_program_channel(in->program, what);

	if (channel >= 0 || strcmp(what, "marketing") == 0)
		nt_consent_apply(in, channel, false, how, BY_RULES);
}

/* ---- outcomes ---- */

static const char *const nouns[] = {
	[NT_OUTCOME_SENT] = "sent",       [NT_OUTCOME_DELIVERED] = "delivered",
	[NT_OUTCOME_OPENED] = "opened",   [NT_OUTCOME_CLICKED] = "clicked",
	[NT_OUTCOME_REPLIED] = "replied", [NT_OUTCOME_BOUNCED] = "bounced",
	[NT_OUTCOME_FAILED] = "failed",   [NT_OUTCOME_COMPLAINED] = "complained",
	[NT_OUTCOME_UNSUBSCRIBED] = "unsubscribed", [NT_OUTCOME_CONFIRMED] = "confirmed",
};

static struct nt_template_stat *template_stat(struct nt_instant *in, const char *name)
{
	struct nt_template_stat **link;

	for (link = &in->lead->templates; *link != NULL; link = &(*link)->next)
		if (strcmp((*link)->name, name) == 0)
			return *link;
	*link = nt_arena_new0(in->arena, struct nt_template_stat);
	(*link)->name = nt_arena_strdup(in->arena, name);
	(*link)->received = (*link)->opened = (*link)->clicked = (*link)->replied = NT_NO_TIME;
	return *link;
}

static void keep_template(struct nt_instant *in, const struct nt_input *input)
{
	if (input->outcome.template_name == NULL)
		return;
	switch (input->outcome.outcome) {
	case NT_OUTCOME_SENT:
		template_stat(in, input->outcome.template_name)->received = in->now;
		break;
	case NT_OUTCOME_OPENED:
		template_stat(in, input->outcome.template_name)->opened = in->now;
		break;
	case NT_OUTCOME_CLICKED:
		template_stat(in, input->outcome.template_name)->clicked = in->now;
		break;
	case NT_OUTCOME_REPLIED:
		template_stat(in, input->outcome.template_name)->replied = in->now;
		break;
	default:
		break;
	}
}

/* By the lead itself; perhaps the rules had done so before. */
static void refuse(struct nt_instant *in, int channel, const char *how)
{
	struct nt_consent *consent = &in->lead->consent[channel];

	consent->state = NT_CONSENT_REFUSED;
	consent->at = in->now;
	consent->how = nt_arena_strdup(in->arena, how);
	consent->from = NULL;
	find_unsubscribed(in->lead);
}

/* An old link is no yes for an address that came later, nor against a no that came later. */
static bool may_confirm(const struct nt_instant *in, int channel, const struct nt_input *input)
{
	const struct nt_consent *consent = &in->lead->consent[channel];
	const char *present = nt_lead_address_key(in->lead, in->arena, channel), *asked = input->outcome.address;

	if (consent->state == NT_CONSENT_REFUSED && consent->at >= input->outcome.released &&
	    input->outcome.released > 0)
		return false;
	if (present == NULL || asked == NULL)
		return present != NULL;
	asked = nt_address_normalise(in->arena, in->program->channels[channel].address_field, asked);
	return strcmp(present, asked) == 0;
}

static bool is_confirmed(const struct nt_consent *consent)
{
	return consent->state == NT_CONSENT_GIVEN && g_strcmp0(consent->how, BY_LINK) == 0;
}

/* What an outcome means for what may be sent from now on. */
static void draw_conclusions(struct nt_instant *in, int channel, const struct nt_input *input)
{
	struct nt_lead *lead = in->lead;

	switch (input->outcome.outcome) {
	case NT_OUTCOME_BOUNCED:
		if (!suppress_address(in, channel, input->outcome.address, true, "bounced"))
			break; /* the lead has another by now */
		lead->bounced_hard = true;
		nt_pending_cancel(in, -1, NULL, channel, false, "the address bounced");
		break;
	case NT_OUTCOME_COMPLAINED:
		lead->complained = true;
		suppress_address(in, channel, input->outcome.address, false, "complained");
		refuse(in, channel, "complained");
		nt_pending_cancel(in, -1, NULL, channel, true, "the lead complained");
		break;
	case NT_OUTCOME_UNSUBSCRIBED:
		suppress_address(in, channel, input->outcome.address, false, "unsubscribed");
		refuse(in, channel, in->cause != NULL ? in->cause : "unsubscribed");
		nt_pending_cancel(in, -1, NULL, channel, true, "the lead unsubscribed");
		break;
	case NT_OUTCOME_CONFIRMED:
		consent_on(in, channel, true, BY_LINK,
		           nt_arena_printf(in->arena, "%s, message %s",
		                           input->outcome.template_name != NULL ? input->outcome.template_name : "",
		                           input->outcome.message != NULL ? input->outcome.message : ""));
		break;
	default:
		break;
	}
}

void nt_outcome_apply(struct nt_instant *in, const struct nt_input *input)
{
	unsigned outcome = input->outcome.outcome;
	int channel = input->outcome.channel != NULL ? nt_program_channel(in->program, input->outcome.channel) : -1;
	struct nt_effect *note;
	bool again;

	if (outcome >= G_N_ELEMENTS(nouns))
		return;
	/* A link pressed twice is one wish, not two: it must not cost points twice. */
	again = outcome == NT_OUTCOME_UNSUBSCRIBED && channel >= 0 && is_refused(&in->lead->consent[channel]);
	if (outcome == NT_OUTCOME_CONFIRMED &&
	    (channel < 0 || !may_confirm(in, channel, input) || is_confirmed(&in->lead->consent[channel])))
		return;
	if (input->outcome.message != NULL)
		settle(in->lead, input->outcome.message);
	keep_template(in, input);
	note = nt_instant_note(in, NULL, nt_arena_join(in->arena, "message.", nouns[outcome], NULL),
	                       nt_arena_join(in->arena,
	                                     input->outcome.template_name != NULL ? input->outcome.template_name : "",
	                                     input->outcome.detail != NULL ? ": " : "",
	                                     input->outcome.detail != NULL ? input->outcome.detail : "", NULL));
	note->campaign = nt_arena_strdup(in->arena, input->outcome.campaign);
	note->key = nt_arena_strdup(in->arena, input->outcome.key);
	note->id = nt_arena_strdup(in->arena, input->outcome.message);
	nt_split_answered(in, input->outcome.campaign, input->outcome.step, outcome, nouns[outcome]);
	if (channel < 0)
		return;
	draw_conclusions(in, channel, input);
	if (outcome == NT_OUTCOME_FAILED || again)
		return;
	note->channel = in->program->channels[channel].name;
	raise_about(in, channel, nouns[outcome], input);
}
