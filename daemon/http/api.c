#include "http/api.h"

#include "base/bug.h"
#include "http/exchange.h"
#include "http/listen.h"
#include "http/page.h"
#include "http/server.h"
#include "http/tokens.h"
#include "rules/program.h"

#include <unistd.h>

static bool open_tcp(struct nt_api *api, char **why)
{
	const struct nt_api_options *options = &api->options;
	int fd;

	if (options->listen_fd < 0 && options->listen == NULL)
		return true;
	fd = options->listen_fd >= 0 ? nt_listen_inherited(options->listen_fd, why) :
	                               nt_listen_tcp(options->listen, why);
	if (fd >= 0)
		api->tcp = nt_server_new(api, fd, false, why);
	return api->tcp != NULL;
}

static bool open_control(struct nt_api *api, char **why)
{
	int fd;

	if (api->options.control == NULL)
		return true;
	fd = nt_listen_unix(api->options.control, why);
	if (fd >= 0)
		api->control = nt_server_new(api, fd, true, why);
	return api->control != NULL;
}

struct nt_api *nt_api_new(const struct nt_api_options *options, char **why)
{
	struct nt_api *api = g_new0(struct nt_api, 1);

	api->options = *options;
	api->options.control = g_strdup(options->control);
	if (api->options.body_limit == 0)
		api->options.body_limit = 8u << 20;
	if (api->options.timeout_s == 0)
		api->options.timeout_s = 30;
	if (api->options.connections == 0)
		api->options.connections = 1000;
	api->tokens = nt_tokens_new(options->tokens, options->n_tokens);
	api->options.tokens = NULL;
	api->style_policy = nt_page_policy();
	if (open_tcp(api, why) && open_control(api, why)) {
		api->options.listen = NULL;
		return api;
	}
	nt_api_free(api);
	return NULL;
}

void nt_api_set_program(struct nt_api *api, struct nt_program *program)
{
	nt_program_ref(program);
	nt_program_unref(api->program);
	api->program = program;
}

void nt_api_set_tokens(struct nt_api *api, const struct nt_token *tokens, unsigned n)
{
	nt_tokens_free(api->tokens);
	api->tokens = nt_tokens_new(tokens, n);
}

void nt_api_set_inbound(struct nt_api *api, const struct nt_inbound_channel *inbound, unsigned n)
{
	api->options.inbound = inbound;
	api->options.n_inbound = n;
}

void nt_api_set_links(struct nt_api *api, const struct nt_links *links)
{
	api->options.links = links;
}

unsigned nt_api_port(const struct nt_api *api)
{
	return api->tcp != NULL && nt_server_fd(api->tcp) >= 0 ? nt_listen_port(nt_server_fd(api->tcp)) : 0;
}

void nt_api_quiesce(struct nt_api *api)
{
	if (api->quiesced)
		return;
	api->quiesced = true;
	nt_server_quiesce(api->tcp);
	nt_server_quiesce(api->control);
}

bool nt_api_idle(const struct nt_api *api)
{
	return api->exchanges == 0;
}

void nt_api_free(struct nt_api *api)
{
	if (api == NULL)
		return;
	NT_CHECK(api->posted == 0 && api->asked == 0);
	api->quiesced = api->stopped = true;
	nt_server_free(api->tcp);
	if (api->control != NULL)
		unlink(api->options.control);
	nt_server_free(api->control);
	nt_tokens_free(api->tokens);
	nt_program_unref(api->program);
	g_free(api->style_policy);
	g_free((void *)(uintptr_t)api->options.control);
	g_free(api);
}
