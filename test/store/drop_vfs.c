#include "drop_vfs.h"

#include <glib.h>
#include <sqlite3.h>
#include <string.h>

struct undo { /* what stood there before a write */
	sqlite3_int64 offset, size; /* size of the file before */
	char *bytes;
	int n; /* -1: a truncation to `offset`; bytes then hold what was cut off */
	int cut;
};

struct file {
	sqlite3_file base;
	GArray *undo;
	struct file *next;
	sqlite3_file *real; /* behind this struct */
};

static struct {
	sqlite3_vfs vfs, *real;
	struct file *open;
	unsigned writes, fail_at;
	gboolean dead, lie;
} drop;

static struct file *self(sqlite3_file *file)
{
	return (struct file *)file;
}

static void forget(struct file *file)
{
	for (guint i = 0; i < file->undo->len; i++)
		g_free(g_array_index(file->undo, struct undo, i).bytes);
	g_array_set_size(file->undo, 0);
}

static int drop_close(sqlite3_file *base)
{
	struct file *file = self(base), **p = &drop.open;
	int code = file->real->pMethods->xClose(file->real);

	while (*p != file)
		p = &(*p)->next;
	*p = file->next;
	forget(file);
	g_array_free(file->undo, TRUE);
	return code;
}

static int drop_read(sqlite3_file *base, void *out, int n, sqlite3_int64 offset)
{
	return drop.dead ? SQLITE_IOERR_READ : self(base)->real->pMethods->xRead(self(base)->real, out, n, offset);
}

static void remember(struct file *file, sqlite3_int64 offset, int n, int truncation)
{
	struct undo undo = { .offset = offset, .n = truncation ? -1 : n, .cut = n };

	file->real->pMethods->xFileSize(file->real, &undo.size);
	undo.bytes = g_malloc0((gsize)n + 1);
	file->real->pMethods->xRead(file->real, undo.bytes, n, offset); /* short reads are filled with zeros */
	g_array_append_val(file->undo, undo);
}

static int drop_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 offset)
{
	struct file *file = self(base);

	if (!drop.dead && drop.fail_at != 0 && ++drop.writes >= drop.fail_at)
		drop.dead = TRUE;
	else if (drop.fail_at == 0)
		drop.writes++;
	if (drop.dead)
		return SQLITE_IOERR_WRITE;
	remember(file, offset, n, 0);
	return file->real->pMethods->xWrite(file->real, bytes, n, offset);
}

static int drop_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *file = self(base);
	sqlite3_int64 now;

	if (drop.dead)
		return SQLITE_IOERR_TRUNCATE;
	file->real->pMethods->xFileSize(file->real, &now);
	if (now > size)
		remember(file, size, (int)(now - size), 1);
	return file->real->pMethods->xTruncate(file->real, size);
}

static int drop_sync(sqlite3_file *base, int flags)
{
	struct file *file = self(base);
	int code;

	if (drop.dead)
		return SQLITE_IOERR_FSYNC;
	if (drop.lie)
		return SQLITE_OK;
	code = file->real->pMethods->xSync(file->real, flags);
	if (code == SQLITE_OK)
		forget(file);
	return code;
}

static int drop_size(sqlite3_file *base, sqlite3_int64 *size)
{
	return self(base)->real->pMethods->xFileSize(self(base)->real, size);
}

static int drop_lock(sqlite3_file *base, int level)
{
	return self(base)->real->pMethods->xLock(self(base)->real, level);
}

static int drop_unlock(sqlite3_file *base, int level)
{
	return self(base)->real->pMethods->xUnlock(self(base)->real, level);
}

static int drop_reserved(sqlite3_file *base, int *out)
{
	return self(base)->real->pMethods->xCheckReservedLock(self(base)->real, out);
}

static int drop_control(sqlite3_file *base, int op, void *arg)
{
	return self(base)->real->pMethods->xFileControl(self(base)->real, op, arg);
}

static int drop_sector(sqlite3_file *base)
{
	return self(base)->real->pMethods->xSectorSize(self(base)->real);
}

static int drop_device(sqlite3_file *base)
{
	(void)base;
	return 0; /* promises nothing: no atomic writes, no order kept, no safe append */
}

static int drop_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out)
{
	return self(base)->real->pMethods->xShmMap(self(base)->real, page, size, extend, out);
}

static int drop_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
	return self(base)->real->pMethods->xShmLock(self(base)->real, offset, n, flags);
}

static void drop_shm_barrier(sqlite3_file *base)
{
	self(base)->real->pMethods->xShmBarrier(self(base)->real);
}

static int drop_shm_unmap(sqlite3_file *base, int remove)
{
	return self(base)->real->pMethods->xShmUnmap(self(base)->real, remove);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = drop_close,
	.xRead = drop_read,
	.xWrite = drop_write,
	.xTruncate = drop_truncate,
	.xSync = drop_sync,
	.xFileSize = drop_size,
	.xLock = drop_lock,
	.xUnlock = drop_unlock,
	.xCheckReservedLock = drop_reserved,
	.xFileControl = drop_control,
	.xSectorSize = drop_sector,
	.xDeviceCharacteristics = drop_device,
	.xShmMap = drop_shm_map,
	.xShmLock = drop_shm_lock,
	.xShmBarrier = drop_shm_barrier,
	.xShmUnmap = drop_shm_unmap,
};

static int drop_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out)
{
	struct file *file = self(base);
	int code;

	(void)vfs;
	memset(file, 0, sizeof *file);
	file->real = (sqlite3_file *)(file + 1);
	code = drop.real->xOpen(drop.real, name, file->real, flags, out);
	if (code != SQLITE_OK)
		return code;
	file->base.pMethods = &methods;
	file->undo = g_array_new(FALSE, FALSE, sizeof(struct undo));
	file->next = drop.open;
	drop.open = file;
	return SQLITE_OK;
}

void drop_vfs_register(void)
{
	drop.real = sqlite3_vfs_find(NULL);
	drop.vfs = *drop.real;
	drop.vfs.zName = DROP_VFS;
	drop.vfs.szOsFile = (int)sizeof(struct file) + drop.real->szOsFile;
	drop.vfs.xOpen = drop_open;
	sqlite3_vfs_register(&drop.vfs, 0);
}

void drop_vfs_fail_at(unsigned n)
{
	drop.writes = 0;
	drop.fail_at = n;
}

unsigned drop_vfs_writes(void)
{
	return drop.writes;
}

void drop_vfs_lie(int lie)
{
	drop.lie = lie;
}

static void take_back(struct file *file, const struct undo *undo)
{
	if (undo->n < 0) {
		file->real->pMethods->xWrite(file->real, undo->bytes, undo->cut, undo->offset);
		return;
	}
	file->real->pMethods->xWrite(file->real, undo->bytes, undo->n, undo->offset);
	file->real->pMethods->xTruncate(file->real, undo->size);
}

void drop_vfs_power_loss(void)
{
	for (struct file *file = drop.open; file != NULL; file = file->next) {
		for (guint i = file->undo->len; i > 0; i--)
			take_back(file, &g_array_index(file->undo, struct undo, i - 1));
		forget(file);
	}
	drop.dead = TRUE; /* closing must write nothing */
	drop.fail_at = 0;
}

void drop_vfs_power_on(void)
{
	drop.dead = FALSE;
}
