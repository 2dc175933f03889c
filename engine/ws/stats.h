/*
 * engine/ws/stats.h - what the machine is doing.
 *
 * Linux: /proc/stat and /proc/meminfo; GPUs of NVIDIA by NVML, which is
 * loaded when it is there, and of AMD by the files of the amdgpu driver.
 */

#ifndef NT_STATS_H
#define NT_STATS_H

#include <jansson.h>

typedef struct nt_stats nt_stats_t;

/* The CPU is measured from now on.  NULL when memory is out. */
nt_stats_t *nt_stats_new(void);
void        nt_stats_free(nt_stats_t *stats);

/*
 * {"cpu_percent": since the last sample, "memory_total_gb", "memory_used_gb",
 * "memory_percent", "vram_total_gb", "vram_used_gb", "vram_percent"}: of all
 * GPUs together, null without one.  1 GB is 2^30 bytes.  A new reference;
 * NULL when memory is out.
 */
json_t *nt_stats_sample(nt_stats_t *stats);

#endif
