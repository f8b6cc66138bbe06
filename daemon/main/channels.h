/* From settings to channels. */
#ifndef NT_MAIN_CHANNELS_H
#define NT_MAIN_CHANNELS_H

#include "channel/dispatcher.h"

struct nt_settings;

struct nt_channel_list { /* free the arrays with nt_channel_list_clear(); the channels go to the dispatcher */
	struct nt_channel **channels;
	struct nt_channel_limit *limits;
	unsigned n;
};

/* settings must outlive the channels. */
void nt_channel_list_make(struct nt_channel_list *list, const struct nt_settings *settings,
                          const struct nt_channel_house *house);
void nt_channel_list_clear(struct nt_channel_list *list);
/* Room for all that channels hold at once: 64 workers times 16, some channels, twice over for a reload. */
#define NT_CHANNEL_SLOTS 8192

#endif
