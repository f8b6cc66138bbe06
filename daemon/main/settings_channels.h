/* The sections `channels` and `webhooks` of nurtured.yaml. */
#ifndef NT_MAIN_SETTINGS_CHANNELS_H
#define NT_MAIN_SETTINGS_CHANNELS_H

#include "main/settings.h"
#include "main/settings_table.h"

/* Fill settings->channels and settings->webhooks; what is wrong is reported. */
void nt_settings_read_channels(struct nt_setting_reader *reader, const struct nt_yaml *node,
                               struct nt_settings *settings);
void nt_settings_read_webhooks(struct nt_setting_reader *reader, const struct nt_yaml *node,
                               struct nt_settings *settings);
/* Names, each with its settings below it; else that is said. */
bool nt_settings_is_mapping(struct nt_setting_reader *reader, const struct nt_yaml *node, const char *what);

/* Printable ASCII without blanks: what may stand in a line of a protocol. */
bool nt_settings_is_visible(const char *text);

/* For the reference. */
struct nt_settings_part {
	const char *title;
	const struct nt_setting *table;
};
#define NT_SETTINGS_CHANNEL_PARTS 5
extern const struct nt_settings_part nt_settings_channel_parts[NT_SETTINGS_CHANNEL_PARTS];

#endif
