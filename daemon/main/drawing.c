#include "main/drawing.h"

#include <errno.h>
#include <glib.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

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

bool nt_drawing_write(const char *dot, const char *format, const char *path, char **why)
{
	char *aside;
	bool fine;

	*why = NULL;
	aside = write_aside(dot, why);
	if (aside == NULL)
		return false;
	fine = run(format, aside, path, why);
	unlink(aside);
	g_free(aside);
	return fine;
}
