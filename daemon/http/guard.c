#include "http/guard.h"

#include "base/arena.h"
#include "http/route.h"
#include "http/server.h"
#include "http/tokens.h"

#include <microhttpd.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the headers say, each looked at once. */
struct headers {
	struct nt_exchange *x;
	unsigned n_lengths, n_encodings, n_types, n_authorizations;
	const char *length, *encoding, *type, *authorization, *expect;
	const char *odd; /* why it could be read in two ways */
};

static bool is_token(const char *name)
{
	if (name[0] == '\0')
		return false;
	for (; *name != '\0'; name++)
		if (!g_ascii_isalnum(*name) && strchr("!#$%&'*+-.^_`|~", *name) == NULL)
			return false;
	return true;
}

static void note(const char **value, unsigned *n, const char *text)
{
	*value = text;
	++*n;
}

static enum MHD_Result look(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct headers *h = user;
	unsigned ignored = 0;

	(void)kind;
	if (value == NULL)
		value = "";
	/* "Content-Length : 5" is another header to the library, and this one to some proxies */
	if (!is_token(name))
		h->odd = "a header's name has characters that it can't have";
	for (const char *p = value; *p != '\0'; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7F)
			h->odd = "a header has control characters";
	if (g_ascii_strcasecmp(name, "Content-Length") == 0)
		note(&h->length, &h->n_lengths, value);
	else if (g_ascii_strcasecmp(name, "Transfer-Encoding") == 0)
		note(&h->encoding, &h->n_encodings, value);
	else if (g_ascii_strcasecmp(name, "Content-Type") == 0)
		note(&h->type, &h->n_types, value);
	else if (g_ascii_strcasecmp(name, "Authorization") == 0)
		note(&h->authorization, &h->n_authorizations, value);
	else if (g_ascii_strcasecmp(name, "Expect") == 0)
		note(&h->expect, &ignored, value);
	return MHD_YES;
}

/* RFC 9112, 6.1 and 6.3: what two readers could split in two places is refused, and the connection with it. */
static void check_framing(struct headers *h, const char *version)
{
	if (h->odd != NULL)
		return;
	if (h->n_lengths > 1)
		h->odd = "two Content-Length headers";
	else if (h->n_encodings > 1)
		h->odd = "two Transfer-Encoding headers";
	else if (h->n_lengths > 0 && h->n_encodings > 0)
		h->odd = "Content-Length and Transfer-Encoding together";
	else if (h->length != NULL && (strspn(h->length, "0123456789") != strlen(h->length) || strlen(h->length) > 18))
		h->odd = "Content-Length isn't a number";
	else if (h->encoding != NULL && g_ascii_strcasecmp(h->encoding, "chunked") != 0)
		h->odd = "a Transfer-Encoding other than chunked";
	else if (h->encoding != NULL && strcmp(version, "HTTP/1.1") != 0)
		h->odd = "chunked is for HTTP/1.1";
	else if (h->n_types > 1 || h->n_authorizations > 1)
		h->odd = "a header stands twice that may stand once";
}

static enum nt_method read_method(const char *method)
{
	static const struct {
		const char *name;
		enum nt_method method;
	} methods[] = {
		{ "GET", NT_GET },       { "POST", NT_POST }, { "PUT", NT_PUT },         { "PATCH", NT_PATCH },
		{ "DELETE", NT_DELETE }, { "HEAD", NT_HEAD }, { "OPTIONS", NT_OPTIONS },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(methods); i++)
		if (strcmp(method, methods[i].name) == 0)
			return methods[i].method;
	return 0;
}

/* ---- who ---- */

static bool is_in_group(int fd, gid_t group)
{
	gid_t groups[256];
	socklen_t size = sizeof groups;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
		return false;
	for (size_t i = 0; i < size / sizeof groups[0]; i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* The file's permissions have let the peer in; this holds should somebody have widened them. */
static bool check_peer(struct nt_exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer = { 0 };
	socklen_t size = sizeof peer;
	struct stat status;

	if (info == NULL || getsockopt(info->connect_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
	    stat(x->api->options.control, &status) != 0 ||
	    (peer.uid != 0 && peer.uid != geteuid() && peer.gid != status.st_gid &&
	     !is_in_group(info->connect_fd, status.st_gid))) {
		nt_exchange_error(x, 403, NULL, "only root and the daemon's group may use this");
		return false;
	}
	x->caller.source = "nurturectl";
	x->caller.cause = nt_arena_printf(x->arena, "nurturectl (uid %u)", (unsigned)peer.uid);
	x->caller.scopes = NT_SCOPE_ADMIN;
	return true;
}

static bool check_token(struct nt_exchange *x, const char *authorization)
{
	const struct nt_token *token = NULL;

	if (authorization != NULL && g_ascii_strncasecmp(authorization, "Bearer ", 7) == 0) {
		authorization += 7;
		token = nt_tokens_find(x->api->tokens, authorization + strspn(authorization, " "));
	}
	if (token == NULL) {
		nt_exchange_error(x, 401, NULL, authorization == NULL ? "a token is needed: Authorization: Bearer …" :
		                                                        "this token isn't known");
		return false;
	}
	x->caller.source = nt_arena_strdup(x->arena, token->name);
	x->caller.cause = nt_arena_printf(x->arena, "api token %s", token->name);
	x->caller.scopes = token->scopes;
	return true;
}

static bool check_caller(struct nt_exchange *x, const struct headers *h)
{
	if (nt_server_is_control(x->server)) {
		if (!check_peer(x))
			return false;
	} else if (x->route->scope != 0) {
		if (!check_token(x, h->authorization))
			return false;
	}
	if (x->route->scope == 0 || (x->caller.scopes & (x->route->scope | NT_SCOPE_ADMIN)) != 0)
		return true;
	nt_exchange_error(x, 403, NULL, "this token may not do this: it lacks the scope %s",
	                  nt_scope_name((enum nt_token_scope)x->route->scope));
	return false;
}

/* ---- what ---- */

static bool is_one_of(const char *type, size_t length, const char *const *types)
{
	for (; *types != NULL; types++)
		if (strlen(*types) == length && g_ascii_strncasecmp(type, *types, length) == 0)
			return true;
	return false;
}

static bool charset_fits(const char *parameters)
{
	char *lower = g_ascii_strdown(parameters, -1), *charset = strstr(lower, "charset=");
	bool fits = charset == NULL || strstr(charset, "utf-8") != NULL || strstr(charset, "utf8") != NULL ||
	            strstr(charset, "us-ascii") != NULL;

	g_free(lower);
	return fits;
}

/* No type at all is taken for JSON. */
static bool check_type(struct nt_exchange *x, const struct headers *h)
{
	static const char *const json[] = { "application/json", NULL };
	static const char *const lines[] = { "application/x-ndjson", "application/ndjson", "application/jsonl",
		                             "application/x-jsonlines", NULL };
	size_t length = h->type != NULL ? strcspn(h->type, "; \t") : 0;

	if (h->type == NULL || x->route->takes == NT_TAKES_FORM || x->route->takes == NT_TAKES_NOTHING)
		return true;
	if (x->route->takes == NT_TAKES_BATCH && is_one_of(h->type, length, lines))
		x->form = NT_BODY_LINES;
	else if (!is_one_of(h->type, length, json)) {
		nt_exchange_error(x, 415, NULL, "the body must be application/json%s, not %.*s",
		                  x->route->takes == NT_TAKES_BATCH ? " or application/x-ndjson" : "",
		                  (int)MIN(length, 100), h->type);
		return false;
	}
	if (charset_fits(h->type + length))
		return true;
	nt_exchange_error(x, 415, NULL, "the body must be UTF-8");
	return false;
}

#define LITTLE 16384u

size_t nt_guard_limit(const struct nt_exchange *x)
{
	bool much = x->route->takes == NT_TAKES_JSON || x->route->takes == NT_TAKES_BATCH;

	return much ? x->api->options.body_limit : MIN(LITTLE, x->api->options.body_limit);
}

static void refuse_framing(struct nt_exchange *x, unsigned status, const char *why)
{
	x->close = true;
	nt_exchange_error(x, status, NULL, "%s", why);
}

void nt_guard_check(struct nt_exchange *x, const char *method, const char *version, size_t *length, bool *waits)
{
	struct headers h = { .x = x };
	const union MHD_ConnectionInfo *size;

	MHD_get_connection_values(x->connection, MHD_HEADER_KIND, look, &h);
	check_framing(&h, version);
	if (h.encoding != NULL)
		*length = SIZE_MAX;
	else
		*length = h.length != NULL && h.odd == NULL ? (size_t)g_ascii_strtoull(h.length, NULL, 10) : 0;
	*waits = h.expect != NULL && strcmp(version, "HTTP/1.1") == 0;
	x->method = read_method(method);
	size = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	if (h.odd != NULL) {
		refuse_framing(x, 400, h.odd);
	} else if (size != NULL && size->header_size > NT_HEADERS_MOST) {
		refuse_framing(x, 431, "the headers are longer than 16384 bytes");
	} else if (x->method == 0) {
		refuse_framing(x, 501, "this method isn't known");
	} else if (x->bad_target != NULL) {
		nt_exchange_error(x, 400, NULL, "the path can't be read: %s", x->bad_target);
	} else if (nt_route_find(x) && check_caller(x, &h) && check_type(x, &h) && *length != SIZE_MAX &&
	           *length > nt_guard_limit(x)) {
		nt_exchange_error(x, 413, NULL, "the body is longer than %zu bytes", nt_guard_limit(x));
	}
}
