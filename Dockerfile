# collectord in a container of its own: one static file, the certificates it needs for
# HTTPS, and a folder for its state. Zone files are in the program.
#
#   docker build -t collectord .
#   docker run -v ./config.yaml:/etc/collectord/config.yaml:ro -v collectord:/var/lib/collectord collectord
FROM golang:1.26 AS build
WORKDIR /src
# The modules first: they change less often than the sources.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/usr/bin/collectord ./cmd/collectord \
 && install -D -m 0644 /etc/ssl/certs/ca-certificates.crt /out/etc/ssl/certs/ca-certificates.crt \
 && install -D -m 0644 deploy/package/config.yaml /out/etc/collectord/config.yaml \
 && install -d -m 1777 /out/tmp
RUN install -d -m 0700 /state

FROM scratch
COPY --from=build /out/ /
COPY --from=build --chown=65532:65532 /state /var/lib/collectord
# Nobody in particular, and not root.
USER 65532:65532
ENV STATE_DIRECTORY=/var/lib/collectord
VOLUME /var/lib/collectord
# Ends in order, with what was answered on disk.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/collectord"]
CMD ["run", "--config", "/etc/collectord/config.yaml"]
