import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOHTTPCompression

/// Unpacks attachments that a replicator sends compressed, as CouchDB keeps texts.
enum Gunzip {
    /// Unpacks bytes, with the handler that unpacks requests: there is no other interface to that library.
    static func unpack(_ bytes: [UInt8]) throws(CouchFailure) -> [UInt8] {
        let channel = EmbeddedChannel()
        var unpacked: [UInt8] = []
        do {
            try channel.pipeline.syncOperations.addHandler(NIOHTTPRequestDecompressor(limit: .size(Listener.bodyLimit)))
            let headers: HTTPHeaders = ["Content-Encoding": "gzip", "Content-Length": "\(bytes.count)"]
            let head = HTTPRequestHead(version: .http1_1, method: .PUT, uri: "/", headers: headers)
            try channel.writeInbound(HTTPServerRequestPart.head(head))
            try channel.writeInbound(HTTPServerRequestPart.body(ByteBuffer(bytes: bytes)))
            try channel.writeInbound(HTTPServerRequestPart.end(nil))
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                if case .body(let buffer) = part { unpacked.append(contentsOf: buffer.readableBytesView) }
            }
            _ = try channel.finish(acceptAlreadyClosed: true)
        } catch {
            throw .badRequest("an attachment isn't compressed as it says: \(error)")
        }
        return unpacked
    }
}
