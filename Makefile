# NodeTool for nginx
#
#   make run       install what is needed, build, serve a worker on port 7777
#   make test      install what is needed, build, run all tests
#   make test-asan the same, built with the sanitizers
#   make test-static the tests of nginx, with the modules within an nginx
#   make install   modules, engine, command, systemd unit (PREFIX, DESTDIR)
#   make bench     measure, each figure beside its reference
#   make lint      formatting, static analysis, and the rules of the layout
#   make docs      generate docs/nodes.md
#   make fuzz      run the fuzz targets for FUZZ_TIME seconds each
#
# BUILD is the folder that everything is built in; SAN=1 builds with the
# address and undefined-behaviour sanitizers.  ARGS is passed to the worker.

BUILD  ?= build
PREFIX ?= /usr/local
CC     ?= cc
SAN    ?=

# Commands are shown in short; V=1 shows them whole.
V  ?=
say = $(if $(V),,@echo '  $(1)  $(2)' && )

.DELETE_ON_ERROR:
.PHONY: all build run test test-asan test-static test-programs fuzz bench \
        docs install uninstall fmt lint clean deps deps-test deps-lint modules \
        engine cli packs

all: build

# --- packages ----------------------------------------------------------------

DEPS_BUILD = gcc make pkg-config nginx nginx-dev redis-server libjansson-dev \
             libuv1-dev libhiredis-dev libcurl4-openssl-dev libssl-dev \
             libpcre2-dev libunistring-dev libxml2-dev libsqlite3-dev \
             libcmark-gfm-dev libcmark-gfm-extensions-dev zlib1g-dev \
             libwslay-dev libmsgpack-dev \
             ca-certificates curl $(DEPS_PACKS) $(DEPS_PROGRAMS)
DEPS_PACKS = libvips-dev fonts-dejavu-core libpoppler-glib-dev libqpdf-dev \
             libzip-dev
DEPS_PROGRAMS = bubblewrap ffmpeg pandoc
DEPS_TEST  = perl procps openssl wrk nodejs npm python3-venv chromium \
             lua5.4 luajit ruby jq
DEPS_FUZZ  = clang libclang-rt-14-dev
DEPS_LINT  = clang-format clang-tidy cppcheck perl dpkg-dev

deps:
	@sh tools/deps.sh $(DEPS_BUILD)

deps-test:
	@sh tools/deps.sh $(DEPS_BUILD) $(DEPS_TEST)

deps-lint:
	@sh tools/deps.sh $(DEPS_BUILD) $(DEPS_LINT)

# --- C -----------------------------------------------------------------------

WARN     = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes -Wno-unused-parameter
CPPFLAGS = -I. -I/usr/include/libxml2 -D_GNU_SOURCE
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
LIBS     = -ljansson -luv -lhiredis -lssl -lcrypto -lpcre2-8 \
           -lunistring -lxml2 -lsqlite3 \
           -lcmark-gfm-extensions -lcmark-gfm -lwslay -lz -lm -ldl \
           -lpthread

# The engine takes only the packer of msgpack-c, which is in its headers.
LIBS_TEST = -lmsgpackc

CORE_SRC   = $(wildcard core/*.c core/auth/*.c core/llm/*.c)
ENGINE_MAIN = $(addprefix engine/,home.c main.c start.c stop.c)
ENGINE_SRC = $(filter-out $(ENGINE_MAIN),$(wildcard engine/*.c engine/*/*.c))
CLI_SRC    = $(wildcard cli/*.c)

obj = $(patsubst %.c,$(BUILD)/%.o,$(1))

$(BUILD)/%.o: %.c
	@mkdir -p $(dir $@)
	$(call say,CC,$@)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libnodetool-core.a: $(call obj,$(CORE_SRC))
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(BUILD)/libnodetool-engine.a: $(call obj,$(ENGINE_SRC))
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

$(BUILD)/nodetool-engine: $(call obj,$(ENGINE_MAIN)) \
        $(BUILD)/libnodetool-engine.a $(BUILD)/libnodetool-core.a
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -Wl,--export-dynamic -o $@ \
	    $(call obj,$(ENGINE_MAIN)) \
	    -Wl,--whole-archive $(BUILD)/libnodetool-engine.a \
	    -Wl,--no-whole-archive $(BUILD)/libnodetool-core.a $(LIBS)

$(BUILD)/nodetool: $(call obj,$(CLI_SRC)) $(BUILD)/libnodetool-engine.a \
        $(BUILD)/libnodetool-core.a
	$(call say,LINK,$@)$(CC) $(LDFLAGS) -Wl,--export-dynamic -o $@ $(call obj,$(CLI_SRC)) \
	    -Wl,--whole-archive $(BUILD)/libnodetool-engine.a \
	    -Wl,--no-whole-archive $(BUILD)/libnodetool-core.a $(LIBS)

engine: $(BUILD)/nodetool-engine

# What the command finds beside itself, in the build folder as when installed.
CONSOLE   = $(shell find console -type f 2>/dev/null)
SHARE_SRC = $(wildcard conf/*.conf examples/*.json) $(CONSOLE)
SHARE     = $(patsubst %,$(BUILD)/share/nodetool/%,$(SHARE_SRC))

$(BUILD)/share/nodetool/%: %
	@mkdir -p $(dir $@) && cp $< $@

cli: $(BUILD)/nodetool $(SHARE)

# --- packs: node types on heavy libraries, as shared objects ------------------

# packs/NAME becomes packs/NAME.so where pkg-config knows all of PACK_NAME.  A
# pack sees nodetool_node.h; what it takes of PACK_SHARED and core is compiled
# into it, and not seen from outside.
PACK_image  = vips pangocairo pangoft2
PACK_office = libzip libxml-2.0
PACK_pdf    = poppler-glib libqpdf libxml-2.0 zlib

PACK_SHARED = engine/json.c engine/assets/uri.c \
              $(addprefix engine/nodes/,\
              args.c asset_folder.c csv.c dataframe.c dataframe_columns.c \
              dataframe_csv.c dataframe_json.c files.c files_glob.c \
              generated.c media_files.c media_ref.c ndarray.c ndarray_list.c pathname.c \
              pytext.c pyvalue.c svg_text.c timename.c ustr.c wildcard.c)

PACK_NAMES  = $(notdir $(patsubst %/,%,$(wildcard packs/*/)))
PACKS      := $(foreach pack,$(PACK_NAMES),$(shell \
              pkg-config --exists $(PACK_$(pack)) 2>&1 && echo $(pack)))
PACKS_SO    = $(patsubst %,$(BUILD)/packs/%.so,$(PACKS))

# The list above may change, and none of its objects.
$(BUILD)/libnodetool-pack.a: $(call obj,$(PACK_SHARED)) Makefile
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $(filter %.o,$^)

define pack_rules
$(call obj,$(wildcard packs/$(1)/*.c)): CPPFLAGS += \
    $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PACK_$(1))))

$(BUILD)/packs/$(1).so: $(call obj,$(wildcard packs/$(1)/*.c)) \
        $(BUILD)/libnodetool-pack.a $(BUILD)/libnodetool-core.a packs/export.map
	$$(call say,LINK,$$@)$$(CC) -shared $$(LDFLAGS) \
	    -Wl,--version-script=packs/export.map -Wl,--as-needed -o $$@ \
	    $$(filter %.o %.a,$$^) $(shell pkg-config --libs $(PACK_$(1))) \
	    -ljansson -lcrypto -lunistring -lm
endef

$(foreach pack,$(PACKS),$(eval $(call pack_rules,$(pack))))

packs: $(PACKS_SO)
	@for pack in $(filter-out $(PACKS),$(PACK_NAMES)); do \
	    echo "The $$pack pack is left out: a library is missing (make deps)"; \
	done

# --- test programs: t/core/x.c and t/engine/x.c become programs ---------------

TEST_SRC = $(wildcard t/core/*.c t/engine/*.c)
TEST_BIN = $(patsubst %.c,$(BUILD)/%,$(TEST_SRC))

$(BUILD)/t/core/%: t/core/%.c $(BUILD)/libnodetool-core.a
	@mkdir -p $(dir $@)
	$(call say,LINK,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< \
	    $(BUILD)/libnodetool-core.a -ljansson -lcrypto -lm

$(BUILD)/t/engine/%: t/engine/%.c $(BUILD)/libnodetool-engine.a \
        $(BUILD)/libnodetool-core.a
	@mkdir -p $(dir $@)
	$(call say,LINK,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) \
	    -Wl,--export-dynamic -MMD -MP -o $@ $< $(BUILD)/libnodetool-engine.a \
	    $(BUILD)/libnodetool-core.a $(LIBS) $(LIBS_TEST)

$(BUILD)/bench/%: bench/%.c $(BUILD)/libnodetool-engine.a \
        $(BUILD)/libnodetool-core.a
	@mkdir -p $(dir $@)
	$(call say,LINK,$@)$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS) -MMD -MP -o $@ $< \
	    $(BUILD)/libnodetool-engine.a $(BUILD)/libnodetool-core.a $(LIBS)

# --- nginx modules -----------------------------------------------------------

NGINX_DEV   ?= /usr/share/nginx/src
MODULES      = base auth chat workflow storage
MODULES_SO   = $(patsubst %,$(BUILD)/nginx/objs/ngx_http_nodetool_%_module.so,\
               $(MODULES))
MODULES_SRC  = config $(wildcard core/*.[ch] core/auth/*.[ch] core/llm/*.[ch] \
               ngx_nodetool_*/*.[ch])
MODULES_OPT  = -Wall -Wextra -Werror -Wno-unused-parameter
ifneq ($(SAN),)
MODULES_OPT += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
               -fno-sanitize-recover=undefined
MODULES_LD   = -fsanitize=address,undefined
endif

$(BUILD)/nginx/Makefile: config $(dir $(wildcard ngx_nodetool_*/*.c)) core \
        core/auth core/llm
	@rm -rf $(BUILD)/nginx && mkdir -p $(BUILD)
	@cp -r $(NGINX_DEV) $(BUILD)/nginx
	$(call say,CONFIGURE,$(BUILD)/nginx)(cd $(BUILD)/nginx && bash -c '. ./conf_flags && \
	    ./configure "$${NGX_CONF_FLAGS[@]}" \
	    --with-cc-opt="-g -O2 -fPIC $(MODULES_OPT)" \
	    --with-ld-opt="$(MODULES_LD)" \
	    --add-dynamic-module=$(CURDIR)') > $(BUILD)/nginx-configure.log
	@touch $@

$(BUILD)/modules.stamp: $(BUILD)/nginx/Makefile $(MODULES_SRC)
	+$(call say,MODULES,$(BUILD)/nginx/objs)$(MAKE) -C $(BUILD)/nginx \
	    -f objs/Makefile modules > $(BUILD)/nginx-build.log || \
	    { cat $(BUILD)/nginx-build.log; false; }
	@touch $@

modules: $(BUILD)/modules.stamp

# An nginx that has the modules in it, of NGINX_SRC, else of Debian's source
# package.  A tools/debian.sh that ends with 3 has said why there is none.
NGINX_SRC   ?=
STATIC       = $(BUILD)/static/nginx
STATIC_OPT   = --with-http_ssl_module --with-http_v2_module \
               --with-http_realip_module --with-http_dav_module \
               --with-http_stub_status_module --with-http_slice_module \
               --with-http_auth_request_module \
               --with-http_addition_module --with-threads \
               --with-cc-opt='-Wno-unused-parameter' --with-debug

$(STATIC): $(MODULES_SRC)
	@rm -rf $(BUILD)/static && mkdir -p $(BUILD)/static
	@$(if $(NGINX_SRC),,sh tools/debian.sh bookworm src:nginx \
	    $(BUILD)/nginx-source)
	@cp -r $(or $(NGINX_SRC),$(BUILD)/nginx-source/nginx) \
	    $(BUILD)/static/tree
	$(call say,NGINX,$@)(cd $(BUILD)/static/tree && \
	    if [ -x configure ]; then configure=./configure; \
	    else configure=auto/configure; fi && \
	    $$configure $(STATIC_OPT) --add-module=$(CURDIR)) \
	    > $(BUILD)/static/build.log 2>&1 || \
	    { tail -n 30 $(BUILD)/static/build.log; false; }
	+@$(MAKE) -C $(BUILD)/static/tree >> $(BUILD)/static/build.log 2>&1 || \
	    { tail -n 30 $(BUILD)/static/build.log; false; }
	@cp $(BUILD)/static/tree/objs/nginx $@

build: modules engine cli packs

# --- running -----------------------------------------------------------------

# The packages have to be there before make looks at what depends on them.
run: deps
	@$(MAKE) --no-print-directory build
	@$(BUILD)/nodetool worker $(ARGS)

# --- tests -------------------------------------------------------------------

PROVE = prove --timer -r

test-programs: $(TEST_BIN)

test: deps-test
	@$(MAKE) --no-print-directory build test-programs
	NODETOOL_BUILD=$(abspath $(BUILD)) $(PROVE) t

test-asan:
	@NODETOOL_SAN=1 $(MAKE) --no-print-directory BUILD=$(BUILD)-asan SAN=1 test

test-static: deps-test deps-lint
	@$(MAKE) --no-print-directory engine $(STATIC)
	NODETOOL_BUILD=$(abspath $(BUILD)) NODETOOL_NGINX=$(abspath $(STATIC)) \
	    $(PROVE) t/nginx

# Each target looks for new inputs in a copy of its corpus.
FUZZ_TIME ?= 60
FUZZ_CC   ?= clang
FUZZ_BIN   = $(patsubst %.c,$(BUILD)/%,$(wildcard fuzz/*.c))

FUZZ_OBJ   = $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(CORE_SRC) $(ENGINE_SRC))
.SECONDARY: $(FUZZ_OBJ)

FUZZ_FLAGS = -std=gnu11 -g -O1 $(WARN) \
             -fno-sanitize-recover=undefined

$(BUILD)/fuzz/obj/%.o: %.c
	@mkdir -p $(dir $@)
	$(call say,CC,$@)$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP \
	    -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

$(BUILD)/fuzz/%: fuzz/%.c $(FUZZ_OBJ)
	$(call say,LINK,$@)$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) \
	    -fsanitize=fuzzer,address,undefined -o $@ $< $(FUZZ_OBJ) $(LIBS) \
	    $(LIBS_TEST)

fuzz:
	@sh tools/deps.sh $(DEPS_BUILD) $(DEPS_FUZZ)
	@$(MAKE) --no-print-directory $(FUZZ_BIN)
	@for target in $(notdir $(FUZZ_BIN)); do \
	    sh tools/fuzz.sh $(BUILD)/fuzz $$target $(FUZZ_TIME) || exit 1; \
	done

bench: deps-test
	@$(MAKE) --no-print-directory build
	@for script in $(sort $(wildcard bench/*.pl bench/*.sh)); do \
	    echo "== $$script"; \
	    case $$script in *.pl) run=perl ;; *) run=sh ;; esac; \
	    NODETOOL_BUILD=$(abspath $(BUILD)) BUILD=$(BUILD) $$run $$script \
	        || exit 1; \
	done

# --- style -------------------------------------------------------------------

C_FILES = $(wildcard core/*.[ch] core/auth/*.[ch] core/llm/*.[ch] \
          ngx_nodetool_*/*.[ch] \
          engine/*.[ch] engine/*/*.[ch] packs/*/*.[ch] cli/*.[ch] fuzz/*.c \
          bench/*.[ch] docs/example-node/*.c t/core/*.[ch] t/engine/*.[ch] \
          t/engine/nodes/*.c t/lib/*.c)

docs: cli packs
	$(BUILD)/nodetool nodes --markdown > docs/nodes.md

fmt:
	clang-format -i $(C_FILES)

lint: deps-lint
	@$(MAKE) --no-print-directory modules
	@BUILD=$(BUILD) NGINX_SRC=$(NGINX_SRC) sh tools/lint.sh $(C_FILES)

# --- installing --------------------------------------------------------------

# Debian's nginx has its modules here; a symbolic link in modules-enabled
# makes it load them.
NGINX_MODULES   ?= /usr/lib/nginx/modules
NGINX_AVAILABLE ?= /usr/share/nginx/modules-available
NGINX_ENABLED   ?= /etc/nginx/modules-enabled
NGINX_MOD        = mod-http-nodetool.conf
UNIT_DIR        ?= $(PREFIX)/lib/systemd/system
PACKS_DIR        = $(PREFIX)/lib/nodetool/packs

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(NGINX_MODULES) \
	    $(DESTDIR)$(PREFIX)/share/nodetool/conf \
	    $(DESTDIR)$(PREFIX)/share/nodetool/examples \
	    $(DESTDIR)$(NGINX_AVAILABLE) $(DESTDIR)$(UNIT_DIR) \
	    $(DESTDIR)$(PACKS_DIR)
	install -m 755 $(BUILD)/nodetool $(BUILD)/nodetool-engine \
	    $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(MODULES_SO) $(DESTDIR)$(NGINX_MODULES)
	for pack in $(PACKS_SO); do \
	    install -m 644 $$pack $(DESTDIR)$(PACKS_DIR) || exit 1; \
	done
	install -m 644 conf/*.conf $(DESTDIR)$(PREFIX)/share/nodetool/conf
	install -m 644 examples/*.json \
	    $(DESTDIR)$(PREFIX)/share/nodetool/examples
	for file in $(CONSOLE); do \
	    install -D -m 644 $$file \
	        $(DESTDIR)$(PREFIX)/share/nodetool/$$file || exit 1; \
	done
	install -m 644 packaging/$(NGINX_MOD) $(DESTDIR)$(NGINX_AVAILABLE)
	sed 's|@PREFIX@|$(PREFIX)|' packaging/nodetool.service \
	    > $(DESTDIR)$(UNIT_DIR)/nodetool.service
ifeq ($(DESTDIR),)
	install -d $(NGINX_ENABLED)
	ln -sf $(NGINX_AVAILABLE)/$(NGINX_MOD) $(NGINX_ENABLED)/50-$(NGINX_MOD)
endif

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/nodetool \
	    $(DESTDIR)$(PREFIX)/bin/nodetool-engine \
	    $(patsubst %,$(DESTDIR)$(NGINX_MODULES)/%,$(notdir $(MODULES_SO))) \
	    $(DESTDIR)$(NGINX_AVAILABLE)/$(NGINX_MOD) \
	    $(DESTDIR)$(UNIT_DIR)/nodetool.service
	rm -rf $(DESTDIR)$(PREFIX)/share/nodetool \
	    $(DESTDIR)$(PREFIX)/lib/nodetool
ifeq ($(DESTDIR),)
	rm -f $(NGINX_ENABLED)/50-$(NGINX_MOD)
endif

clean:
	rm -rf build build-*

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
