#include "main/drawing.h"

#include "main/command.h"

#include <errno.h>
#include <glib.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const formats[] = { "dot", "svg", "png", "pdf" };

const char *nt_drawing_format(const char *path)
{
	const char *ending = strrchr(path, '.');

	for (unsigned i = 0; ending != NULL && i < G_N_ELEMENTS(formats); i++)
		if (g_ascii_strcasecmp(ending + 1, formats[i]) == 0)
			return formats[i];
	return NULL;
}

bool nt_drawing_knows(const char *format)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++)
		if (strcmp(format, formats[i]) == 0)
			return true;
	return false;
}

/* The text goes by a file: a pipe that nobody reads would stop us. */
static char *write_aside(const char *dot, char **why)
{
	GError *error = NULL;
	char *path = NULL;
	int fd = g_file_open_tmp("nurturectl-XXXXXX.dot", &path, &error);

	if (fd < 0) {
		*why = g_strdup(error->message);
		g_error_free(error);
		return NULL;
	}
	close(fd);
	if (g_file_set_contents(path, dot, -1, &error))
		return path;
	*why = g_strdup(error->message);
	g_error_free(error);
	unlink(path);
	g_free(path);
	return NULL;
}

static bool run(const char *format, const char *from, const char *path, char **why)
{
	char *kind = g_strconcat("-T", format, NULL);
	const char *const to_file[] = { "dot", kind, "-o", path, from, NULL };
	const char *const to_us[] = { "dot", kind, from, NULL };
	const char *const *arguments = path != NULL ? to_file : to_us;
	pid_t pid;
	int status = -1, code = posix_spawnp(&pid, "dot", NULL, NULL, (char *const *)(uintptr_t)arguments, environ);

	g_free(kind);
	if (code == 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (code == ENOENT || (code == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127))
		*why = g_strdup("pictures are drawn by 'dot', which isn't installed (the package graphviz has it); "
		                "--format dot writes what it would draw");
	else if (code != 0)
		*why = g_strdup_printf("dot: %s", g_strerror(code));
	else if (status != 0)
		*why = g_strdup("dot couldn't draw it");
	return *why == NULL;
}

/* What dot has drawn; it would complain about a path of ours in its own words. */
static bool move_picture(const char *drawn, const char *path, char **why)
{
	gsize length;
	char *bytes;
	bool fine;

	if (!g_file_get_contents(drawn, &bytes, &length, NULL)) {
		*why = g_strdup("dot has drawn nothing");
		return false;
	}
	fine = nt_command_put(path, bytes, length, why);
	g_free(bytes);
	return fine;
}

static bool draw(const char *dot, const char *format, const char *path, char **why)
{
	char *aside = write_aside(dot, why), *drawn;
	bool fine;

	if (aside == NULL)
		return false;
	drawn = path != NULL ? g_strconcat(aside, ".drawn", NULL) : NULL;
	fine = run(format, aside, drawn, why) && (drawn == NULL || move_picture(drawn, path, why));
	unlink(aside);
	if (drawn != NULL)
		unlink(drawn);
	g_free(drawn);
	g_free(aside);
	return fine;
}

bool nt_drawing_write(const char *dot, const char *format, const char *path, char **why)
{
	*why = NULL;
	if (strcmp(format, "dot") != 0)
		return draw(dot, format, path, why);
	if (path != NULL)
		return nt_command_put(path, dot, strlen(dot), why);
	fputs(dot, stdout);
	return true;
}
