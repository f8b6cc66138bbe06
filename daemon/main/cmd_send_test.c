/* nurturectl send-test: a template to oneself, by the channel that leads get it by, marked as a test. The daemon, its
 * store and its leads have no part in it. */
#include "base/arena.h"
#include "base/diag.h"
#include "base/text.h"
#include "channel/channel.h"
#include "channel/slots.h"
#include "main/channels.h"
#include "main/sample.h"
#include "main/settings.h"
#include "os/clock.h"
#include "rules/program.h"

#include <ev.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SLOTS 64

struct options {
	struct nt_sample_options sample;
	const char *to;
};

struct send { /* the delivery's owner */
	struct ev_loop *loop;
	struct nt_channel *channel;
	bool has_ended;
	struct nt_delivery_outcome outcome;
	char *detail;
};

static bool read_options(int argc, char **argv, struct options *options, int *code)
{
	const struct nt_command_option table[] = {
		{ "config", &options->sample.config, NULL },   { "templates", &options->sample.templates, NULL },
		{ "store", &options->sample.store, NULL },     { "lead", &options->sample.lead, NULL },
		{ "channel", &options->sample.channel, NULL }, { "locale", &options->sample.locale, NULL },
		{ "to", &options->to, NULL },                  { 0 },
	};

	options->sample.channel = "email";
	if (!nt_command_options(&nt_command_send_test, table, argc, argv, code))
		return false;
	options->sample.config = nt_command_config(options->sample.config);
	if (options->to == NULL || options->to[0] == '\0')
		*code = nt_command_misused(&nt_command_send_test, "--to says who gets it");
	else if (strcmp(options->sample.channel, "email") == 0 && !nt_email_valid(options->to))
		*code = nt_command_misused(&nt_command_send_test, "'%s' isn't an email address", options->to);
	else if (strcmp(options->sample.channel, "webhook") == 0)
		*code = nt_command_misused(&nt_command_send_test,
		                           "a webhook goes to a system, not to you: preview shows what it says");
	else
		return true;
	return false;
}

/* ---- sending ---- */

static void drained(void *user)
{
	ev_break(user, EVBREAK_ALL);
}

static void done(struct nt_delivery *delivery, const struct nt_delivery_outcome *outcome)
{
	struct send *send = delivery->owner;

	send->has_ended = true;
	send->outcome = *outcome;
	send->detail = g_strdup(outcome->detail != NULL ? outcome->detail : "");
	send->channel->ops->drain(send->channel, drained, send->loop);
}

static int say(const struct options *options, const struct send *send)
{
	static const char *const results[] = {
		[NT_SEND_ACCEPTED] = "sent",
		[NT_SEND_TEMPORARY] = "not sent this time",
		[NT_SEND_REFUSED] = "refused",
		[NT_SEND_IN_DOUBT] = "perhaps sent: the answer was cut off",
		[NT_SEND_UNTOUCHED] = "not sent",
	};
	bool is_sent = send->has_ended && send->outcome.result == NT_SEND_ACCEPTED;

	if (!send->has_ended)
		return nt_command_failed(&nt_command_send_test, "the channel takes nothing now");
	fprintf(is_sent ? stdout : stderr, "%s to %s%s%s\n", results[send->outcome.result], options->to,
	        send->detail[0] != '\0' ? ": " : "", send->detail);
	return is_sent ? NT_EXIT_FINE : NT_EXIT_WRONG;
}

static struct nt_channel *find(const struct nt_channel_list *list, const char *name)
{
	for (unsigned i = 0; i < list->n; i++)
		if (strcmp(list->channels[i]->name, name) == 0)
			return list->channels[i];
	return NULL;
}

static void free_channels(const struct nt_channel_list *list)
{
	for (unsigned i = 0; i < list->n; i++)
		list->channels[i]->ops->free(list->channels[i]);
}

static int deliver(const struct options *options, const struct nt_settings *settings, struct nt_delivery *delivery,
                   struct nt_channel_house *house)
{
	struct send send = { .loop = house->loop };
	struct nt_channel_list list;
	int code;

	nt_channel_list_make(&list, settings, house);
	send.channel = find(&list, options->sample.channel);
	if (send.channel == NULL) {
		code = nt_command_failed(&nt_command_send_test, "%s has no channel '%s'", settings->path,
		                         options->sample.channel);
	} else {
		delivery->owner = &send;
		delivery->slot = nt_slots_take(house->slots, delivery->row.message.id);
		if (send.channel->ops->send(send.channel, delivery))
			ev_run(house->loop, 0);
		code = say(options, &send);
	}
	free_channels(&list);
	nt_channel_list_clear(&list);
	g_free(send.detail);
	return code;
}

/* The workers' slot file is of use to a daemon that starts again; this one is gone at once. */
static struct nt_slots *open_slots(void)
{
	char *folder = g_dir_make_tmp("nurturectl-XXXXXX", NULL), *path, *why = NULL;
	struct nt_slots *slots = NULL;

	if (folder == NULL)
		return NULL;
	path = g_build_filename(folder, "slots", NULL);
	slots = nt_slots_open(path, SLOTS, &why);
	remove(path);
	remove(folder);
	g_free(why);
	g_free(path);
	g_free(folder);
	return slots;
}

static int send_in_house(const struct options *options, struct nt_sample *sample, const struct nt_settings *settings,
                         struct nt_delivery *delivery)
{
	struct nt_channel_house house = { .loop = ev_loop_new(EVFLAG_AUTO), .clock = nt_clock_new_real(),
		                          .links = sample->links, .slots = open_slots(), .done = done };
	int code;

	if (house.loop == NULL || house.slots == NULL)
		code = nt_command_failed(&nt_command_send_test, "no place for temporary files");
	else
		code = deliver(options, settings, delivery, &house);
	nt_slots_free(house.slots);
	nt_clock_free(house.clock);
	if (house.loop != NULL)
		ev_loop_destroy(house.loop);
	return code;
}

/* ---- what is sent ---- */

static void address(struct nt_sample *sample, struct nt_delivery *delivery, const char *to)
{
	struct nt_message *message = &delivery->row.message;
	unsigned char bytes[16];
	char *id = nt_arena_array(sample->arena, char, 33);

	randombytes_buf(bytes, sizeof bytes); /* each test is a message of its own */
	sodium_bin2hex(id, 33, bytes, sizeof bytes);
	message->id = id;
	message->address = to;
	message->address_name = NULL;
	message->released = sample->now;
	delivery->is_test = true;
}

static struct nt_settings *read_settings(const char *path)
{
	struct nt_diags *diags = nt_diags_new();
	struct nt_settings *settings = nt_settings_load(path, diags);

	nt_command_findings(diags, stderr);
	nt_diags_free(diags);
	return settings;
}

static bool is_reachable(const struct nt_program *program, const struct options *options, int *code)
{
	int channel = nt_program_channel(program, options->sample.channel);
	int field = channel >= 0 ? program->channels[channel].address_field : -1;

	if ((field != NT_FIELD_PHONE && field != NT_FIELD_FAX) || nt_phone_valid(options->to))
		return true;
	*code = nt_command_misused(&nt_command_send_test, "'%s' isn't a telephone number such as +15550100",
	                           options->to);
	return false;
}

static int send_test(const struct options *options, struct nt_sample *sample)
{
	const struct nt_message_template *variant = nt_template_set_find(
		sample->program->templates, sample->template_name, options->sample.channel, options->sample.locale);
	const char *why = "there is no such template";
	struct nt_delivery *delivery = variant != NULL ? nt_sample_delivery(sample, variant, &why) : NULL;
	struct nt_settings *settings;
	int code;

	if (delivery == NULL)
		return nt_command_failed(&nt_command_send_test, "%s", why);
	settings = read_settings(options->sample.config);
	if (settings == NULL)
		return NT_EXIT_CANNOT;
	address(sample, delivery, options->to);
	code = send_in_house(options, sample, settings, delivery);
	nt_settings_free(settings);
	return code;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	struct nt_sample sample = { .command = &nt_command_send_test, .options = &options.sample };
	int code = NT_EXIT_FINE;

	if (!read_options(argc, argv, &options, &code))
		return code;
	if (nt_sample_open(&sample, argc - optind, argv + optind, &code) &&
	    is_reachable(sample.program, &options, &code)) {
		nt_sample_warn_of_unused(&sample);
		code = send_test(&options, &sample);
	}
	nt_sample_clear(&sample);
	return code;
}

const struct nt_command nt_command_send_test = {
	.name = "send-test",
	.usage = "send-test --to ADDRESS [--config FILE] [--templates FOLDER] [--channel CHANNEL] [--locale LOCALE] "
	         "[--lead ID] [--store FILE] FOLDER TEMPLATE [NAME=VALUE…]",
	.help = "sends a template to yourself, marked as a test, by the configured channel (default: email); no lead "
	        "is touched, and the links in it lead nowhere",
	.run = run,
};
