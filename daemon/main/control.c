#include "main/control.h"

#include "base/arena.h"
#include "base/bug.h"
#include "base/json.h"
#include "template/escape.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool nt_control_begin(struct nt_control *control, const struct nt_command *command,
                      const struct nt_command_option *options, int argc, char **argv, int *code)
{
	struct nt_command_option all[NT_COMMAND_OPTIONS] = { { "socket", &control->socket, NULL },
		                                             { "json", NULL, &control->json } };
	const char *environment = getenv("NURTURED_SOCKET");

	*control = (struct nt_control){ .command = command,
		                        .socket = environment != NULL ? environment : NT_CONTROL_SOCKET };
	for (unsigned i = 0; options != NULL && options[i].name != NULL; i++) {
		NT_CHECK(i + 3 < NT_COMMAND_OPTIONS);
		all[i + 2] = options[i];
	}
	if (!nt_command_options(command, all, argc, argv, code))
		return false;
	control->arena = nt_arena_new();
	control->body = g_string_new(NULL);
	return true;
}

int nt_control_end(struct nt_control *control, int code)
{
	nt_arena_free(control->arena);
	g_string_free(control->body, TRUE);
	return code;
}

static size_t take(char *bytes, size_t size, size_t n, void *user)
{
	g_string_append_len(user, bytes, (gssize)(size * n));
	return size * n;
}

static CURLcode perform(struct nt_control *control, const char *method, const char *path, const char *type,
                        const char *body, size_t length, char *error)
{
	CURL *curl = curl_easy_init();
	char *url = g_strconcat("http://nurtured", path, NULL), *header = g_strconcat("Content-Type: ", type, NULL);
	struct curl_slist *headers = curl_slist_append(curl_slist_append(NULL, header), "Expect:");
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, control->socket);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, control->body);
	if (body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	code = curl_easy_perform(curl);
	if (code == CURLE_COULDNT_CONNECT) /* the library would speak of a host and a port */
		g_strlcpy(error, access(control->socket, W_OK) != 0 ? g_strerror(errno) : "nobody answers there",
		          CURL_ERROR_SIZE);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &control->status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	g_free(header);
	g_free(url);
	return code;
}

static bool ask(struct nt_control *control, const char *method, const char *path, const char *type, const char *body,
                size_t length, int *code)
{
	char error[CURL_ERROR_SIZE] = "";
	struct nt_json_error wrong;
	CURLcode result;

	g_string_truncate(control->body, 0);
	result = perform(control, method, path, type, body, length, error);
	if (result != CURLE_OK) {
		*code = nt_command_failed(control->command, "the daemon can't be reached through %s: %s",
		                          control->socket, error[0] != '\0' ? error : curl_easy_strerror(result));
		return false;
	}
	control->reply = nt_json_parse(control->arena, control->body->str, control->body->len, &wrong);
	return true;
}

/* {"error":{"field":…,"message":…}} */
static void tell_refusal(struct nt_control *control, int *code)
{
	const struct nt_json *error = nt_json_get(control->reply, "error");
	const char *message = error != NULL ? nt_json_text(error, "message") : NULL;

	nt_command_failed(control->command, "%s",
	                  message != NULL ? message :
	                                    nt_arena_printf(control->arena, "the daemon answers %ld", control->status));
	*code = control->status >= 500 ? NT_EXIT_CANNOT : NT_EXIT_WRONG;
}

bool nt_control_ask(struct nt_control *control, const char *method, const char *path, const char *body, int *code)
{
	if (!ask(control, method, path, "application/json", body, body != NULL ? strlen(body) : 0, code))
		return false;
	if (control->status >= 200 && control->status <= 299)
		return true;
	tell_refusal(control, code);
	return false;
}

bool nt_control_send_lines(struct nt_control *control, const char *path, const GString *lines, int *code)
{
	if (!ask(control, "POST", path, "application/x-ndjson", lines->str, lines->len, code))
		return false;
	if (nt_json_get(control->reply, "results") != NULL)
		return true;
	tell_refusal(control, code);
	return false;
}

const char *nt_control_path(struct nt_control *control, const char *pattern, ...)
{
	GString *out = g_string_new(NULL);
	const char *copy, *argument;
	va_list ap;

	va_start(ap, pattern);
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '*') {
			g_string_append_c(out, *pattern);
			continue;
		}
		argument = va_arg(ap, const char *);
		nt_escape(out, NT_ESCAPE_URL, argument, strlen(argument));
	}
	va_end(ap);
	copy = nt_arena_strdup(control->arena, out->str);
	g_string_free(out, TRUE);
	return copy;
}

const char *nt_control_query(struct nt_control *control, const char *path, const struct nt_control_pair *pairs)
{
	const char *all = path;

	for (; pairs->name != NULL; pairs++)
		if (pairs->value != NULL)
			all = nt_arena_printf(control->arena, "%s%c%s=%s", all, all == path ? '?' : '&', pairs->name,
			                      nt_control_path(control, "*", pairs->value));
	return all;
}

const char *nt_control_object(struct nt_control *control, const struct nt_control_pair *pairs)
{
	GString *out = g_string_new(NULL);
	struct nt_json_writer w;
	const char *copy;

	nt_json_begin(&w, out);
	nt_json_object(&w, NULL);
	for (; pairs->name != NULL; pairs++)
		if (pairs->value != NULL)
			nt_json_put_text(&w, pairs->name, pairs->value);
	nt_json_end_object(&w);
	copy = nt_arena_strdup(control->arena, out->str);
	g_string_free(out, TRUE);
	return copy;
}

int nt_control_list(struct nt_control *control, const char *path, const char *member, const char *nothing,
                    void (*print)(struct nt_control *control, const struct nt_json *item))
{
	const struct nt_json *list;
	int code = NT_EXIT_FINE;

	if (!nt_control_ask(control, "GET", path, NULL, &code))
		return code;
	list = nt_json_get(control->reply, member);
	if (control->json || list == NULL)
		return nt_control_print(control);
	if (list->n == 0 && nothing != NULL)
		puts(nothing);
	for (const struct nt_json *item = list->first; item != NULL; item = item->next)
		print(control, item);
	return code;
}

int nt_control_change(struct nt_control *control, const char *method, const char *path, const char *body,
                      const char *id)
{
	int code = NT_EXIT_FINE;

	if (!nt_control_ask(control, method, path, body, &code))
		return code;
	if (control->json)
		return nt_control_print(control);
	printf("%s: %s\n", id, nt_control_word(control, control->reply, "status"));
	return code;
}

int nt_control_print(const struct nt_control *control)
{
	fputs(control->body->str, stdout);
	return NT_EXIT_FINE;
}

const char *nt_control_plain(struct nt_control *control, const char *text)
{
	GString *out = g_string_new(NULL);
	const char *copy;

	nt_escape(out, NT_ESCAPE_HEADER, text, strlen(text));
	copy = nt_arena_strdup(control->arena, out->str);
	g_string_free(out, TRUE);
	return copy;
}

const char *nt_control_word(struct nt_control *control, const struct nt_json *object, const char *key)
{
	const struct nt_json *value = nt_json_get(object, key);

	if (value == NULL || value->type == NT_JSON_NULL)
		return "-";
	switch (value->type) {
	case NT_JSON_TEXT:
		return nt_control_plain(control, value->text);
	case NT_JSON_NUMBER:
		return value->text;
	case NT_JSON_BOOL:
		return value->boolean ? "yes" : "no";
	default:
		return "-";
	}
}

bool nt_control_put_pair(struct nt_control *control, struct nt_json_writer *w, const char *text)
{
	const char *equals = strchr(text, '='), *name;
	struct nt_json_error error;
	const struct nt_json *json;

	if (equals == NULL || equals == text)
		return false;
	name = nt_arena_strndup(control->arena, text, (size_t)(equals - text));
	json = nt_json_parse(control->arena, equals + 1, strlen(equals + 1), &error);
	if (json != NULL)
		nt_json_put_json(w, name, json);
	else
		nt_json_put_text(w, name, equals + 1);
	return true;
}
