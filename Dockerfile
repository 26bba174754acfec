# The mock server, installed from its wheel and run by an unprivileged user:
#
#     docker build --tag xclade-store-mock .
#     docker run --rm --publish 127.0.0.1:4010:4010 xclade-store-mock --dialect medusa
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/mock.txt requirements/
RUN pip wheel --quiet --require-hashes --requirement requirements/mock.txt --wheel-dir /wheels
RUN pip install --quiet --no-index --find-links /wheels hatchling hatch-fancy-pypi-readme
COPY LICENSE README.md pyproject.toml schemathesis.toml ./
COPY openapi openapi
COPY client client
COPY mock_server mock_server
RUN pip wheel --quiet --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.13-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --quiet --no-cache-dir --no-index --find-links /wheels "xclade-store[mock]"
USER 10001:10001
EXPOSE 4010
# Ask the server where its own options say that it listens, past any proxy of the environment.
HEALTHCHECK --interval=2s --start-period=10s CMD ["python", "-c", "\
import argparse, ssl, urllib.request as web; \
options = argparse.ArgumentParser(); \
options.add_argument('--port', default='4010'); \
options.add_argument('--ssl-certfile'); \
words = open('/proc/1/cmdline').read().replace('\\0--\\0', '\\0').split('\\0'); \
it, _ = options.parse_known_args(words); \
scheme = 'https' if it.ssl_certfile else 'http'; \
unverified = web.HTTPSHandler(context=ssl._create_unverified_context()); \
direct = web.build_opener(web.ProxyHandler({}), unverified); \
direct.open(f'{scheme}://127.0.0.1:{it.port}/_mock/ready')"]
ENTRYPOINT ["xclade-store-mock", "serve", "--host", "0.0.0.0"]
