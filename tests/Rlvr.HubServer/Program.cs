using Rlvr.TestHub;

// Serves folders as repositories of a hub:
//   dotnet run --project tests/Rlvr.HubServer -- --port 8080 --model me/tiny=path/to/folder --dataset me/sums=path/to/data
int port = 0, speed = 0;
List<(string Kind, string Id, string Folder)> served = [];
for (int i = 0; i + 1 < args.Length; i += 2)
{
    string[] parts = args[i + 1].Split('=', 2);
    switch (args[i])
    {
        case "--port" when int.TryParse(args[i + 1], out port):
            break;
        case "--speed" when int.TryParse(args[i + 1], out speed):
            break;
        case "--model" or "--dataset" when parts.Length == 2 && Directory.Exists(parts[1]):
            served.Add((args[i][2..] + "s", parts[0], parts[1]));
            break;
        default:
            Console.Error.WriteLine($"error: '{args[i]} {args[i + 1]}': expected --port N, --speed BYTES-A-SECOND, --model OWNER/NAME=FOLDER or --dataset OWNER/NAME=FOLDER.");
            return 2;
    }
}
if (served.Count == 0)
{
    Console.Error.WriteLine("error: nothing to serve: say --model OWNER/NAME=FOLDER or --dataset OWNER/NAME=FOLDER.");
    return 2;
}
using HubServer server = new(port) { Speed = speed };
foreach ((string kind, string id, string folder) in served)
{
    ServedRepository repository = server.Add(ServedRepository.FromFolder(kind, id, folder));
    Console.Error.WriteLine($"{kind} {id}: {repository.Files.Count} files, {repository.Files.Sum(f => f.Size)} bytes, commit {repository.Commit}");
}
Console.WriteLine($"HF_ENDPOINT={server.Endpoint}");
server.WaitForShutdown();
return 0;
