import Foundation
import Synchronization

/// The simulated servers of this process, by port.
///
/// A continuous job that has nothing to do waits for its source's next change. Where the source is a server of this
/// process, the job waits for that server's own signal instead of holding a connection: a thousand jobs then need no
/// sockets. All its requests still go over HTTP.
final class Neighbourhood: Sendable {
    static let shared = Neighbourhood()

    private let servers = Mutex<[Int: SimulatedServer]>([:])

    func join(_ server: SimulatedServer) { servers.withLock { $0[server.port] = server } }

    func leave(_ server: SimulatedServer) { servers.withLock { $0[server.port] = nil } }

    /// The database behind a URL, where it belongs to a server of this process.
    func database(at url: String) -> Database? {
        guard let url = URL(string: url), url.host() == "127.0.0.1" || url.host() == "localhost", let port = url.port
        else { return nil }
        let server = servers.withLock { $0[port] }
        // Where there is no such database, the job finds that out by its next request.
        return try? server?.database(url.lastPathComponent)
    }
}
