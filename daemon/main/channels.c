#include "main/channels.h"

#include "main/settings.h"

static struct nt_channel *make(const struct nt_channel_settings *settings, const char *name,
                               const struct nt_channel_house *house)
{
	switch (settings->type) {
	case NT_CHANNEL_SMTP:
		return nt_smtp_channel_new(name, &settings->smtp, house);
	case NT_CHANNEL_HTTP:
		return nt_http_channel_new(name, &settings->http, house);
	case NT_CHANNEL_EXEC:
		return nt_exec_channel_new(name, &settings->exec, house);
	case NT_CHANNEL_SPOOL:
		return nt_spool_channel_new(name, &settings->spool, house);
	}
	return NULL;
}

static void add(struct nt_channel_list *list, const struct nt_channel_settings *settings, const char *name,
                const struct nt_channel_house *house)
{
	list->channels[list->n] = make(settings, name, house);
	list->limits[list->n++] = settings->limit;
}

void nt_channel_list_make(struct nt_channel_list *list, const struct nt_settings *settings,
                          const struct nt_channel_house *house)
{
	unsigned most = settings->n_channels + settings->n_webhooks;

	list->channels = g_new0(struct nt_channel *, most + 1);
	list->limits = g_new0(struct nt_channel_limit, most + 1);
	list->n = 0;
	for (unsigned i = 0; i < settings->n_channels; i++)
		add(list, &settings->channels[i], settings->channels[i].name, house);
	for (unsigned i = 0; i < settings->n_webhooks; i++)
		add(list, &settings->webhooks[i], settings->webhooks[i].lane, house);
}

void nt_channel_list_clear(struct nt_channel_list *list)
{
	g_free(list->channels);
	g_free(list->limits);
}
