#include "os/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct whole { /* the interface stands first */
	struct nt_folder folder;
	GArray *rules, *templates, *others; /* struct nt_file, texts ours */
	char *path;
};

struct place { /* a folder that is being read, and those in which it lies */
	dev_t device;
	ino_t inode;
	const struct place *above;
};

struct reading {
	GArray *files;
	const struct place *place;
	bool (*wanted)(struct reading *reading, const char *path, const char *name);
	GArray *others;      /* *.ics, found on the way to the rules */
	bool skip_templates; /* templates/ at the top isn't for rules */
	size_t *size;        /* of all together */
	unsigned *count;
	int code;
	char **why;
};

static bool fail(struct reading *reading, int code, const char *path, const char *words)
{
	reading->code = code;
	*reading->why = g_strdup_printf("%s: %s", path, words);
	return false;
}

static bool is_rule(struct reading *reading, const char *path, const char *name)
{
	const char *dot = strrchr(name, '.');

	if (dot == NULL || (g_ascii_strcasecmp(dot, ".yml") != 0 && g_ascii_strcasecmp(dot, ".yaml") != 0))
		return false;
	if (strcmp(dot, ".yaml") != 0)
		return fail(reading, -EINVAL, path, "rule files are called *.yaml: rename it");
	return true;
}

static bool is_calendar(const char *name)
{
	return g_str_has_suffix(name, ".ics");
}

static bool is_any(struct reading *reading, const char *path, const char *name)
{
	(void)reading, (void)path, (void)name;
	return true;
}

/* A regular file's bytes. O_NONBLOCK: a pipe laid there must not hang us; it is refused below. */
static bool read_bytes(struct reading *reading, const char *path, struct nt_file *file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	char *bytes;
	size_t length = 0;

	if (fd < 0)
		return fail(reading, -errno, path, g_strerror(errno));
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > NT_FOLDER_FILE_SIZE) {
		close(fd);
		return fail(reading, -EFBIG, path, S_ISREG(status.st_mode) ?
		            "this file is too large (more than 4 MiB): split it" : "no regular file");
	}
	bytes = g_malloc((gsize)status.st_size + 1);
	while (length < (size_t)status.st_size) {
		ssize_t n = read(fd, bytes + length, (size_t)status.st_size - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(reading, -errno, path, g_strerror(errno));
			g_free(bytes);
			close(fd);
			return false;
		}
		if (n == 0)
			break; /* it has shrunk: what there is counts */
		length += (size_t)n;
	}
	close(fd);
	*reading->size += length;
	*file = (struct nt_file){ .path = g_strdup(path), .bytes = bytes, .length = length };
	return true;
}

static bool add_file(struct reading *reading, const char *path, GArray *files)
{
	struct nt_file file;

	if (++*reading->count > NT_FOLDER_FILES)
		return fail(reading, -EFBIG, path, "too many files");
	if (!read_bytes(reading, path, &file))
		return false;
	g_array_append_val(files, file);
	if (*reading->size > NT_FOLDER_SIZE)
		return fail(reading, -EFBIG, path, "the folder is too large (more than 256 MiB)");
	return true;
}

static bool read_folder(struct reading *reading, const char *path, unsigned depth);

/* attachments/ at the top: whatever lies there. */
static bool read_attachments(struct reading *reading, const char *path)
{
	struct reading below = *reading;
	bool ok;

	below.files = reading->others;
	below.others = NULL;
	below.wanted = is_any;
	ok = read_folder(&below, path, 1);
	reading->code = below.code;
	return ok;
}

static bool fail_at(struct reading *reading, const char *path, int code)
{
	struct stat status;

	if (code == ENOENT && lstat(path, &status) == 0)
		return fail(reading, -code, path, "this link leads nowhere");
	return fail(reading, -code, path, g_strerror(code));
}

static bool read_entry(struct reading *reading, const char *folder, const char *name, unsigned depth)
{
	char *path = g_strdup_printf("%s/%s", folder, name);
	struct stat status;
	bool ok = true;

	if (stat(path, &status) < 0)
		ok = fail_at(reading, path, errno);
	else if (S_ISDIR(status.st_mode) && depth == 0 && reading->others != NULL && strcmp(name, "attachments") == 0)
		ok = read_attachments(reading, path);
	else if (S_ISDIR(status.st_mode))
		ok = (depth == 0 && reading->skip_templates && strcmp(name, "templates") == 0) ||
		     read_folder(reading, path, depth + 1);
	else if (reading->wanted(reading, path, name))
		ok = add_file(reading, path, reading->files);
	else if (reading->others != NULL && is_calendar(name))
		ok = add_file(reading, path, reading->others);
	else
		ok = reading->code == 0;
	g_free(path);
	return ok;
}

/* False: it lies in itself. */
static bool enter(const struct reading *reading, DIR *dir, struct place *place)
{
	struct stat status;

	*place = (struct place){ .above = reading->place };
	if (fstat(dirfd(dir), &status) < 0)
		return true;
	place->device = status.st_dev;
	place->inode = status.st_ino;
	for (const struct place *p = place->above; p != NULL; p = p->above)
		if (p->device == place->device && p->inode == place->inode)
			return false;
	return true;
}

static bool read_folder(struct reading *reading, const char *path, unsigned depth)
{
	struct dirent *entry;
	struct place place;
	bool ok = true;
	DIR *dir;

	if (depth > NT_FOLDER_DEPTH)
		return fail(reading, -ELOOP, path, "folders are nested too deeply");
	dir = opendir(path);
	if (dir == NULL && errno == ENOTDIR)
		return fail(reading, -ENOTDIR, path, "this is a file: name the folder in which it lies");
	if (dir == NULL)
		return fail(reading, -errno, path, g_strerror(errno));
	if (!enter(reading, dir, &place))
		ok = fail(reading, -ELOOP, path, "a link leads back here, into a folder that it lies in: take it away");
	reading->place = &place;
	while (ok && (errno = 0, entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' && !g_str_has_suffix(entry->d_name, "~"))
			ok = read_entry(reading, path, entry->d_name, depth);
	if (ok && errno != 0)
		ok = fail(reading, -errno, path, g_strerror(errno));
	closedir(dir);
	reading->place = place.above;
	return ok;
}

static gint by_path(gconstpointer a, gconstpointer b)
{
	return strcmp(((const struct nt_file *)a)->path, ((const struct nt_file *)b)->path);
}

static char *without_slashes(const char *path)
{
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/')
		length--;
	return g_strndup(path, length);
}

static bool is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* Adds a templates folder's files in byte order of path. The loader finds what stands below the last "templates/" of
 * a path: one that is called otherwise gets that put in. */
static bool read_templates(struct reading *reading, const char *path)
{
	GArray *all = reading->files;
	char *base = g_path_get_basename(path);
	bool ok;

	reading->files = g_array_new(FALSE, TRUE, sizeof(struct nt_file));
	ok = read_folder(reading, path, 0);
	g_array_sort(reading->files, by_path);
	for (unsigned i = 0; i < reading->files->len; i++) {
		struct nt_file *file = &g_array_index(reading->files, struct nt_file, i);
		const char *below = file->path + strlen(path) + 1;

		if (strcmp(base, "templates") != 0) {
			char *shown = g_strdup_printf("%s/templates/%s", path, below);

			g_free((gpointer)(uintptr_t)file->path);
			file->path = shown;
		}
	}
	g_array_append_vals(all, reading->files->data, reading->files->len);
	g_array_free(reading->files, TRUE);
	reading->files = all;
	g_free(base);
	return ok;
}

static bool read_all(struct whole *whole, const char *rules, const char *templates, struct reading *reading)
{
	char *own = g_strdup_printf("%s/templates", rules);
	bool ok;

	reading->files = whole->rules;
	reading->others = whole->others;
	reading->wanted = is_rule;
	reading->skip_templates = true;
	ok = read_folder(reading, rules, 0);
	g_array_sort(whole->rules, by_path);
	g_array_sort(whole->others, by_path);
	reading->others = NULL;
	if (ok && whole->rules->len == 0)
		ok = fail(reading, -ENOENT, rules, "there is no *.yaml in this folder");
	reading->files = whole->templates;
	reading->wanted = is_any;
	reading->skip_templates = false;
	if (ok && access(own, F_OK) == 0)
		ok = read_templates(reading, own);
	if (ok && templates != NULL && !is_same(own, templates))
		ok = read_templates(reading, templates);
	g_free(own);
	return ok;
}

struct nt_folder *nt_folder_read(const char *rules, const char *templates, int *code, char **why)
{
	struct whole *whole = g_new0(struct whole, 1);
	size_t size = 0;
	unsigned count = 0;
	struct reading reading = { .size = &size, .count = &count, .why = why };
	char *rules_path = without_slashes(rules);
	char *templates_path = templates != NULL ? without_slashes(templates) : NULL;
	bool ok;

	whole->rules = g_array_new(FALSE, TRUE, sizeof(struct nt_file));
	whole->templates = g_array_new(FALSE, TRUE, sizeof(struct nt_file));
	whole->others = g_array_new(FALSE, TRUE, sizeof(struct nt_file));
	whole->path = rules_path;
	ok = rules[0] != '\0' ? read_all(whole, rules_path, templates_path, &reading) :
	                        fail(&reading, -ENOENT, "''", "that is no folder's name");
	g_free(templates_path);
	whole->folder.files = (struct nt_rule_set_files){
		.rules = (const struct nt_file *)(const void *)whole->rules->data, .n_rules = whole->rules->len,
		.templates = (const struct nt_file *)(const void *)whole->templates->data,
		.n_templates = whole->templates->len,
		.others = (const struct nt_file *)(const void *)whole->others->data, .n_others = whole->others->len,
		.folder = whole->path,
	};
	if (!ok) {
		*code = reading.code;
		nt_folder_free(&whole->folder);
		return NULL;
	}
	return &whole->folder;
}

static void free_files(GArray *files)
{
	for (unsigned i = 0; i < files->len; i++) {
		g_free((gpointer)(uintptr_t)g_array_index(files, struct nt_file, i).path);
		g_free((gpointer)(uintptr_t)g_array_index(files, struct nt_file, i).bytes);
	}
	g_array_free(files, TRUE);
}

void nt_folder_free(struct nt_folder *folder)
{
	struct whole *whole = (struct whole *)folder;

	if (whole == NULL)
		return;
	free_files(whole->rules);
	free_files(whole->templates);
	free_files(whole->others);
	g_free(whole->path);
	g_free(whole);
}
