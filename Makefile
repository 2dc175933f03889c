# NodeTool for nginx
#
#   make run      install what is needed, build, serve a worker on port 7777
#   make test     install what is needed, build, run all tests
#
# BUILD is the folder that everything is built in; SAN=1 builds with the
# address and undefined-behaviour sanitizers.

BUILD  ?= build
PREFIX ?= /usr/local
CC     ?= cc
SAN    ?=

.DELETE_ON_ERROR:
.PHONY: all build run test test-asan fuzz bench install fmt lint clean deps \
        modules engine cli

all: build

# --- packages ----------------------------------------------------------------

DEPS_BUILD = gcc make pkg-config nginx nginx-dev redis-server libjansson-dev \
             libuv1-dev libhiredis-dev libcurl4-openssl-dev libssl-dev \
             libpcre2-dev libunistring-dev libxml2-dev zlib1g-dev \
             ca-certificates curl
DEPS_TEST  = perl wrk python3-venv clang libclang-rt-14-dev
DEPS_LINT  = clang-format clang-tidy cppcheck

deps:
	@sh tools/deps.sh $(DEPS_BUILD)

# --- C -----------------------------------------------------------------------

WARN     = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wno-unused-parameter
CPPFLAGS = -I. -D_GNU_SOURCE
OPT      = -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
ifneq ($(SAN),)
OPT      = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
           -fno-sanitize-recover=undefined
endif
CFLAGS   = -std=gnu11 -fPIC $(OPT) $(WARN)
LDFLAGS  = -Wl,-z,relro -Wl,-z,now
ifneq ($(SAN),)
LDFLAGS += -fsanitize=address,undefined
endif
LIBS     = -ljansson -luv -lhiredis -lcurl -lssl -lcrypto -lpcre2-8 \
           -lunistring -lxml2 -lm -ldl -lpthread

CORE_SRC   = $(wildcard core/*.c core/llm/*.c)
ENGINE_SRC = $(filter-out engine/main.c,$(wildcard engine/*.c engine/*/*.c))
CLI_SRC    = $(wildcard cli/*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

$(BUILD)/%.o: %.c
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libnodetool-core.a: $(call obj,$(CORE_SRC))
	rm -f $@ && ar rcs $@ $^

$(BUILD)/libnodetool-engine.a: $(call obj,$(ENGINE_SRC))
	rm -f $@ && ar rcs $@ $^

$(BUILD)/nodetool-engine: $(call obj,engine/main.c) \
        $(BUILD)/libnodetool-engine.a $(BUILD)/libnodetool-core.a
	$(CC) $(LDFLAGS) -Wl,--export-dynamic -o $@ $< \
	    -Wl,--whole-archive $(BUILD)/libnodetool-engine.a \
	    -Wl,--no-whole-archive $(BUILD)/libnodetool-core.a $(LIBS)

$(BUILD)/nodetool: $(call obj,$(CLI_SRC)) $(BUILD)/libnodetool-engine.a \
        $(BUILD)/libnodetool-core.a
	$(CC) $(LDFLAGS) -Wl,--export-dynamic -o $@ $(call obj,$(CLI_SRC)) \
	    $(BUILD)/libnodetool-engine.a $(BUILD)/libnodetool-core.a $(LIBS)

engine: $(BUILD)/nodetool-engine
cli: $(BUILD)/nodetool

# --- test programs: t/core/x.c and t/engine/x.c become x.t.bin ---------------

TEST_SRC = $(wildcard t/core/*.c t/engine/*.c)
TEST_BIN = $(patsubst %.c,$(BUILD)/%,$(TEST_SRC))

$(BUILD)/t/core/%: t/core/%.c $(BUILD)/libnodetool-core.a
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< \
	    $(BUILD)/libnodetool-core.a -ljansson -lcrypto -lm

$(BUILD)/t/engine/%: t/engine/%.c $(BUILD)/libnodetool-engine.a \
        $(BUILD)/libnodetool-core.a
	@mkdir -p $(dir $@)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< \
	    $(BUILD)/libnodetool-engine.a $(BUILD)/libnodetool-core.a $(LIBS)

# --- nginx modules -----------------------------------------------------------

NGINX_DEV   ?= /usr/share/nginx/src
MODULES      = base auth chat workflow storage
MODULES_SO   = $(patsubst %,$(BUILD)/nginx/objs/ngx_http_nodetool_%_module.so,\
               $(MODULES))
MODULES_SRC  = config $(wildcard core/*.[ch] core/llm/*.[ch] \
               ngx_nodetool_*/*.[ch])
MODULES_OPT  = -Wall -Wextra -Werror -Wno-unused-parameter
ifneq ($(SAN),)
MODULES_OPT += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=undefined
MODULES_LD   = -fsanitize=address,undefined
endif

$(BUILD)/nginx/Makefile: config $(dir $(wildcard ngx_nodetool_*/*.c)) core \
        core/llm
	rm -rf $(BUILD)/nginx
	mkdir -p $(BUILD)
	cp -r $(NGINX_DEV) $(BUILD)/nginx
	cd $(BUILD)/nginx && bash -c '. ./conf_flags && \
	    ./configure "$${NGX_CONF_FLAGS[@]}" \
	    --with-cc-opt="-g -O2 -fPIC $(MODULES_OPT)" \
	    --with-ld-opt="$(MODULES_LD)" \
	    --add-dynamic-module=$(CURDIR)' > $(BUILD)/nginx-configure.log
	touch $@

$(BUILD)/modules.stamp: $(BUILD)/nginx/Makefile $(MODULES_SRC)
	$(MAKE) -C $(BUILD)/nginx -f objs/Makefile modules > \
	    $(BUILD)/nginx-build.log || { cat $(BUILD)/nginx-build.log; false; }
	touch $@

modules: $(BUILD)/modules.stamp

build: modules engine cli

# --- tests -------------------------------------------------------------------

PROVE = prove --timer -r

test-programs: $(TEST_BIN)

test: deps build test-programs
	NODETOOL_BUILD=$(abspath $(BUILD)) $(PROVE) t

clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
