/* A template written to a lead, or to an invented one, out of a folder of rules: what preview and send-test share. */
#ifndef NT_MAIN_SAMPLE_H
#define NT_MAIN_SAMPLE_H

#include "channel/render.h"
#include "main/command.h"
#include "main/ruleset.h"

#include "base/time.h"

struct nt_arena;
struct nt_delivery;
struct nt_diags;
struct nt_links;

struct nt_sample_options { /* NULL: not given */
	const char *config, *templates, *store;
	const char *lead;    /* of the store */
	const char *channel; /* only this one */
	const char *locale;
};

struct nt_sample {
	const struct nt_command *command;
	const struct nt_sample_options *options;
	struct nt_ruleset ruleset;
	struct nt_diags *diags;
	struct nt_program *program;
	struct nt_arena *arena;
	struct nt_links *links;        /* signed with a key of its own: they lead nowhere */
	const char *template_name;
	int n_pairs;
	char **pairs;                  /* NAME=VALUE */
	const void *blob;              /* the lead's state, decoded anew for each message */
	size_t length;
	const char *lead;
	nt_time now;
};

/* Arguments: FOLDER TEMPLATE [NAME=VALUE…]. False: *code is the exit code, and why has been said. Clear it in any
 * case. */
bool nt_sample_open(struct nt_sample *sample, int argc, char **argv, int *code);
void nt_sample_clear(struct nt_sample *sample);
/* The i-th of the template's files that the options leave; NULL past the end. */
const struct nt_message_template *nt_sample_variant(const struct nt_sample *sample, unsigned i);
/* In the sample's arena; NULL and *why (there too): it can't be made. */
struct nt_delivery *nt_sample_delivery(struct nt_sample *sample, const struct nt_message_template *variant,
                                       const char **why);
/* Says, on standard error, which values of the command line are no field and asked for by none of the texts. */
void nt_sample_warn_of_unused(struct nt_sample *sample);
/* What the lead lacks that the template writes without a default, each with its place; in the arena, NULL-terminated.
 */
const char *const *nt_sample_missing(struct nt_sample *sample, const struct nt_message_template *variant,
                                     const struct nt_json *variables);

#endif
