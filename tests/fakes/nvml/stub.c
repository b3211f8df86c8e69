/* A stand-in for libnvidia-ml.so.1: boards whose counter follows a script in the file named by STUB_NVML.
 *
 * Every call reads the script again, so a test can change the device under a running process. A word a line:
 *   gpus N | tick_ns N | mig 0/1 | unsupported 0/1 | lost 0/1 | base_mj N | limit_mw N | frozen_at_ns N | pid N (any number)
 *   step UNTIL_NS MILLIWATTS (in order; the steps repeat for ever on CLOCK_MONOTONIC)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OK = 0, UNINITIALIZED = 1, INVALID = 2, UNSUPPORTED = 3, TOO_SMALL = 7, LOST = 15 };
typedef struct { unsigned pid; unsigned long long memory; unsigned instance, compute; } Process;
typedef struct { uint64_t until; double mw; } Step;
typedef struct {
    unsigned gpus, mig, unsupported, lost, limit, pids, pid[64], steps;
    uint64_t tick, base, frozen;
    Step step[4096];
} Script;
static Script script;

static int reload(void) {
    const char *path = getenv("STUB_NVML");
    FILE *file = path ? fopen(path, "r") : NULL;
    char word[32];
    unsigned long long value;
    double mw;
    memset(&script, 0, sizeof script - sizeof script.step);
    if (!file) return 0;
    while (fscanf(file, "%31s %llu", word, &value) == 2) {
        if (!strcmp(word, "gpus")) script.gpus = value;
        if (!strcmp(word, "tick_ns")) script.tick = value;
        if (!strcmp(word, "mig")) script.mig = value;
        if (!strcmp(word, "unsupported")) script.unsupported = value;
        if (!strcmp(word, "lost")) script.lost = value;
        if (!strcmp(word, "base_mj")) script.base = value;
        if (!strcmp(word, "limit_mw")) script.limit = value;
        if (!strcmp(word, "frozen_at_ns")) script.frozen = value;
        if (!strcmp(word, "pid") && script.pids < 64) script.pid[script.pids++] = value;
        if (!strcmp(word, "step") && fscanf(file, "%lf", &mw) == 1 && script.steps < 4096)
            script.step[script.steps++] = (Step){value, mw};
    }
    fclose(file);
    return 1;
}

static double energy_mj(uint64_t at) {
    double whole = 0, part = 0;
    uint64_t begin = 0, period = script.step[script.steps - 1].until, rest = at % period;
    for (unsigned i = 0; i < script.steps; i++) {
        uint64_t end = script.step[i].until;
        whole += (end - begin) * 1e-9 * script.step[i].mw;
        if (rest > begin) part += ((rest < end ? rest : end) - begin) * 1e-9 * script.step[i].mw;
        begin = end;
    }
    return (at / period) * whole + part;
}

const char *nvmlErrorString(int code) {
    return code == OK ? "Success" : code == UNSUPPORTED ? "Not Supported" : code == LOST ? "GPU is lost" : "Unknown Error";
}
int nvmlInitWithFlags(unsigned flags) { (void)flags; return reload() ? OK : 9; }
int nvmlShutdown(void) { return OK; }
int nvmlSystemGetDriverVersion(char *text, unsigned size) { snprintf(text, size, "stub-1"); return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { reload(); *count = script.gpus; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned place, void **handle) {
    if (place >= script.gpus) return INVALID;
    *handle = (void *)(uintptr_t)(place + 1);
    return OK;
}
int nvmlDeviceGetName(void *handle, char *text, unsigned size) { (void)handle; snprintf(text, size, "Stub GPU"); return OK; }
int nvmlDeviceGetUUID(void *handle, char *text, unsigned size) {
    snprintf(text, size, "GPU-stub-%u", (unsigned)(uintptr_t)handle - 1);
    return OK;
}
int nvmlDeviceGetArchitecture(void *handle, unsigned *architecture) { (void)handle; *architecture = 7; return OK; }
int nvmlDeviceGetMigMode(void *handle, unsigned *current, unsigned *pending) {
    (void)handle;
    reload();
    *current = *pending = script.mig;
    return OK;
}
int nvmlDeviceGetEnforcedPowerLimit(void *handle, unsigned *limit) {
    (void)handle;
    reload();
    *limit = script.limit;
    return script.limit ? OK : UNSUPPORTED;
}
int nvmlDeviceGetTotalEnergyConsumption(void *handle, unsigned long long *millijoules) {
    (void)handle;
    struct timespec now;
    if (!reload()) return LOST;
    if (script.unsupported) return UNSUPPORTED;
    if (script.lost) return LOST;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t at = now.tv_sec * 1000000000ull + now.tv_nsec;
    if (script.frozen && at > script.frozen) at = script.frozen;
    if (script.tick) at = at / script.tick * script.tick;
    *millijoules = script.base + (unsigned long long)energy_mj(at);
    return OK;
}
int nvmlDeviceGetPowerUsage(void *handle, unsigned *milliwatts) { (void)handle; *milliwatts = script.step[0].mw; return OK; }
int nvmlDeviceGetFieldValues(void *handle, int count, void *values) { (void)handle; (void)count; (void)values; return UNSUPPORTED; }
int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned *count, Process *found) {
    (void)handle;
    reload();
    unsigned room = *count;
    *count = script.pids;
    if (!script.pids) return OK;
    if (room < script.pids || !found) return TOO_SMALL;
    memset(found, 0, room * sizeof *found);
    for (unsigned i = 0; i < script.pids; i++) found[i].pid = script.pid[i];
    return OK;
}
