#include "engine/ws/stats.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GB (1024.0 * 1024 * 1024)

#define AMD_TOTAL "/sys/class/drm/card*/device/mem_info_vram_total"

/* nvml.h: an opaque handle, and what nvmlDeviceGetMemoryInfo fills in. */
typedef struct nvmlDevice_st *nvmlDevice_t;

typedef struct {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
} nvmlMemory_t;

typedef struct {
    void *library; /* NULL: there is none */
    int (*shutdown)(void);
    int (*count)(unsigned *count);
    int (*handle)(unsigned index, nvmlDevice_t *device);
    int (*memory)(nvmlDevice_t device, nvmlMemory_t *memory);
} nvml_t;

struct nt_stats {
    uint64_t busy; /* of the CPU, in ticks */
    uint64_t total;
    nvml_t   nvml;
    glob_t   amd; /* files with the size of a GPU's memory */
};


/* A file of /proc or /sys as text; false when it cannot be read. */
static bool
read_file(const char *path, char *text, size_t size)
{
    int     fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n;

    if (fd == -1) {
        return false;
    }

    n = read(fd, text, size - 1);
    (void) close(fd);
    text[n > 0 ? n : 0] = '\0';

    return n > 0;
}


/* --- CPU and memory -------------------------------------------------------*/

/* The first line of proc(5)'s stat; guests are within user and nice. */
static bool
cpu_ticks(uint64_t *busy, uint64_t *total)
{
    char     text[1024];
    uint64_t user, nice, system, idle, iowait, irq, softirq, steal;

    if (!read_file("/proc/stat", text, sizeof(text)) ||
        sscanf(text,
               "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64 " %" SCNu64 " %" SCNu64,
               &user, &nice, &system, &idle, &iowait, &irq, &softirq,
               &steal) != 8)
    {
        return false;
    }

    *busy = user + nice + system + irq + softirq + steal;
    *total = *busy + idle + iowait;

    return true;
}


static double
cpu_percent(nt_stats_t *stats)
{
    double   percent = 0;
    uint64_t busy, total;

    if (!cpu_ticks(&busy, &total)) {
        return 0;
    }

    /* iowait may go back (proc(5)) */
    if (total > stats->total && busy >= stats->busy) {
        percent = 100.0 * (double) (busy - stats->busy) /
                  (double) (total - stats->total);
    }

    stats->busy = busy;
    stats->total = total;

    return percent < 100 ? percent : 100;
}


/* A line of /proc/meminfo, in bytes. */
static double
memory_line(const char *text, const char *name)
{
    const char *line = strstr(text, name);

    return line != NULL ? strtod(line + strlen(name), NULL) * 1024 : 0;
}


static void
memory(double *total, double *used)
{
    char text[4096];

    *total = *used = 0;

    if (read_file("/proc/meminfo", text, sizeof(text))) {
        *total = memory_line(text, "MemTotal:");
        *used = *total - memory_line(text, "MemAvailable:");
    }
}


/* --- GPUs -----------------------------------------------------------------*/

static void
nvml_open(nvml_t *nvml)
{
    int (*init)(void);
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);

    if (library == NULL) {
        return;
    }

    /* POSIX: what dlsym returns converts to a function */
    *(void **) &init = dlsym(library, "nvmlInit_v2");
    *(void **) &nvml->shutdown = dlsym(library, "nvmlShutdown");
    *(void **) &nvml->count = dlsym(library, "nvmlDeviceGetCount_v2");
    *(void **) &nvml->handle = dlsym(library, "nvmlDeviceGetHandleByIndex_v2");
    *(void **) &nvml->memory = dlsym(library, "nvmlDeviceGetMemoryInfo");

    if (init == NULL || nvml->shutdown == NULL || nvml->count == NULL ||
        nvml->handle == NULL || nvml->memory == NULL || init() != 0)
    {
        (void) dlclose(library);
        return;
    }

    nvml->library = library;
}


static void
nvml_close(nvml_t *nvml)
{
    if (nvml->library != NULL) {
        (void) nvml->shutdown();
        (void) dlclose(nvml->library);
    }
}


static void
add_nvidia(const nvml_t *nvml, double *total, double *used)
{
    unsigned     count;
    nvmlDevice_t device;
    nvmlMemory_t of;

    if (nvml->library == NULL || nvml->count(&count) != 0) {
        return;
    }

    for (unsigned i = 0; i < count; i++) {
        if (nvml->handle(i, &device) == 0 && nvml->memory(device, &of) == 0) {
            *total += (double) of.total;
            *used += (double) of.used;
        }
    }
}


static void
add_amd(const glob_t *files, double *total, double *used)
{
    char   text[64], path[256];
    size_t stem;

    for (size_t i = 0; i < files->gl_pathc; i++) {
        if (!read_file(files->gl_pathv[i], text, sizeof(text))) {
            continue;
        }
        *total += strtod(text, NULL);

        stem = strlen(files->gl_pathv[i]) - strlen("total");
        (void) snprintf(path, sizeof(path), "%.*sused", (int) stem,
                        files->gl_pathv[i]);
        if (read_file(path, text, sizeof(text))) {
            *used += strtod(text, NULL);
        }
    }
}


/* --- a sample -------------------------------------------------------------*/

nt_stats_t *
nt_stats_new(void)
{
    nt_stats_t *stats = calloc(1, sizeof(*stats));

    if (stats == NULL) {
        return NULL;
    }

    (void) cpu_ticks(&stats->busy, &stats->total);
    nvml_open(&stats->nvml);

    if (glob(AMD_TOTAL, GLOB_NOSORT, NULL, &stats->amd) != 0) {
        stats->amd.gl_pathc = 0;
    }

    return stats;
}


void
nt_stats_free(nt_stats_t *stats)
{
    if (stats != NULL) {
        nvml_close(&stats->nvml);
        globfree(&stats->amd);
        free(stats);
    }
}


static double
hundredths(double number)
{
    return round(number * 100) / 100;
}


static bool
set_space(json_t *sample, const char *const names[3], double total, double used)
{
    double  values[] = { total / GB, used / GB, 100 * used / total };
    json_t *value;

    for (int i = 0; i < 3; i++) {
        value = total > 0 ? json_real(hundredths(values[i])) : json_null();
        if (json_object_set_new(sample, names[i], value) != 0) {
            return false;
        }
    }

    return true;
}


json_t *
nt_stats_sample(nt_stats_t *stats)
{
    double      total, used, vram_total = 0, vram_used = 0;
    json_t     *sample;
    const char *memory_names[] = { "memory_total_gb", "memory_used_gb",
                                   "memory_percent" };
    const char *vram_names[] = { "vram_total_gb", "vram_used_gb",
                                 "vram_percent" };

    memory(&total, &used);
    add_nvidia(&stats->nvml, &vram_total, &vram_used);
    add_amd(&stats->amd, &vram_total, &vram_used);

    sample = json_pack("{s:f}", "cpu_percent", hundredths(cpu_percent(stats)));

    if (sample == NULL || !set_space(sample, memory_names, total, used) ||
        !set_space(sample, vram_names, vram_total, vram_used))
    {
        json_decref(sample);
        return NULL;
    }

    return sample;
}
